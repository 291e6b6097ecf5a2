import * as React from "react"
import * as icons from "lucide-react"
import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/input"

const { Card, Pill, Note, icon, useCall } = window.parley.kit(React, icons)
const { define, moment } = window.parley

const SecretCard = define("SecretCard", () => function SecretCard({ p, call }) {
  const [value, setValue] = React.useState("")
  const { busy, error, send } = useCall(call)
  const save = (event) => {
    event.preventDefault()
    send("secret", { name: p.name, value }).then((reply) => { if (reply) setValue("") })
  }

  return (
    <Card kind="Secret" title={p.name} testid="secret-card" pill={<Pill state={p.set ? "done" : "waiting"}>{p.set ? "Stored" : "Not stored yet"}</Pill>}
      meta={p.used_by ? <span>needed by {p.used_by}</span> : null}>
      <p className="pl-lead">It is stored encrypted. It can be replaced, never read again, and is not part of this conversation.</p>
      <form className="pl-form pl-inline" onSubmit={save}>
        <Input type="password" autoComplete="off" aria-label={`Value of ${p.name}`} placeholder={p.set ? "a new value replaces the old one" : "paste the value"} value={value} onChange={(event) => setValue(event.target.value)} />
        <Button type="submit" disabled={!value || !!busy}>{icon("KeyRound")}{busy ? "Storing…" : "Store"}</Button>
      </form>
      {error ? <Note tone="bad">{error}</Note> : null}
      {p.set && p.set_by ? <p className="pl-decision">{icon("CircleCheck", { size: 16 })}<span>Stored by {p.set_by} · {moment(p.set_at)}</span></p> : null}
    </Card>
  )
})

export default <SecretCard p={props} call={callAction} />
