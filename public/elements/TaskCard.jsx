import * as React from "react"
import * as icons from "lucide-react"
import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/input"
import { Textarea } from "@/components/ui/textarea"

const { Card, Pill, Note, Value, icon, useCall } = window.parley.kit(React, icons)
const { define, moment } = window.parley

const TaskCard = define("TaskCard", () => function TaskCard({ p, call }) {
  const asks = p.task === "ask"
  const [comment, setComment] = React.useState("")
  const [values, setValues] = React.useState(() => defaults(p.schema))
  const { busy, error, send } = useCall(call)
  const open = p.status === "open"
  const answer = (value, label) => send("answer", { run: p.run, path: p.path, value }, label)

  return (
    <Card kind={asks ? "A question for you" : "Your decision"} title={p.title || (asks ? "Please fill in" : "Please decide")} testid="task-card" fresh={p.fresh}
      pill={<Pill state={open ? "waiting" : "done"}>{open ? "Waiting for you" : "Answered"}</Pill>}
      meta={<><span>{p.workflow}</span>{p.deadline ? <span>until {moment(p.deadline)}</span> : null}</>} footer={open ? footer() : closed()}>
      {p.message ? <p className="pl-lead" dir="auto">{p.message}</p> : null}
      {p.data !== undefined && p.data !== null ? <Value value={p.data} /> : null}
      {open && asks ? form() : null}
      {!open && asks && p.answer && p.answer.value ? <Value value={p.answer.value} /> : null}
    </Card>
  )

  function form() {
    const fields = Object.entries((p.schema && p.schema.properties) || {})
    const needed = (p.schema && p.schema.required) || []
    return (
      <div className="pl-form">
        {fields.map(([name, field]) => {
          const Field = field.type === "array" ? "div" : "label" // a label is for one control
          return (
            <Field key={name} className="pl-field">
              <span>{field.title || name}{needed.includes(name) ? "" : " (optional)"}</span>
              {control(name, field)}
              {field.description ? <small>{field.description}</small> : null}
            </Field>
          )
        })}
      </div>
    )
  }

  function control(name, field) {
    const set = (value) => setValues((before) => ({ ...before, [name]: value }))
    const value = values[name] ?? ""
    if (field.enum) return <select className="pl-select" value={field.enum.indexOf(values[name])} onChange={(event) => set(field.enum[Number(event.target.value)])}><option value="-1">Choose…</option>{field.enum.map((one, i) => <option key={i} value={i}>{String(one)}</option>)}</select>
    if (field.type === "array" && field.items && field.items.enum) return several(name, field.items.enum, set)
    if (field.type === "boolean") return <input type="checkbox" className="pl-check" checked={!!values[name]} onChange={(event) => set(event.target.checked)} />
    if (field.type === "integer" || field.type === "number") return <Input type="number" step={field.type === "integer" ? 1 : "any"} min={field.minimum} max={field.maximum} value={value} onChange={(event) => set(event.target.value === "" ? undefined : Number(event.target.value))} />
    if ((field.maxLength || 0) > 200) return <Textarea rows={3} value={value} onChange={(event) => set(event.target.value)} />
    return <Input type={["date", "time", "email"].includes(field.format) ? field.format : field.format === "uri" ? "url" : "text"} value={value} onChange={(event) => set(event.target.value)} />
  }

  function several(name, choices, set) {
    const chosen = values[name] || []
    const toggle = (one, on) => set(choices.filter((other) => (other === one ? on : chosen.includes(other))))
    return (
      <span className="pl-several" role="group">
        {choices.map((one, i) => <label key={i}><input type="checkbox" className="pl-check" checked={chosen.includes(one)} onChange={(event) => toggle(one, event.target.checked)} /> {String(one)}</label>)}
      </span>
    )
  }

  function footer() {
    return (
      <>
        {error ? <Note tone="bad">{error}</Note> : null}
        {asks ? null : <label className="pl-field"><span>Comment (optional)</span><Input value={comment} onChange={(event) => setComment(event.target.value)} /></label>}
        <div className="pl-buttons">
          {asks ? <Button disabled={!!busy || !complete()} onClick={() => answer(clean(values), "send")}>{icon("Send")}{busy ? "Sending…" : "Send"}</Button> : (
            <>
              <Button disabled={!!busy} onClick={() => answer({ approved: true, comment }, "yes")}>{icon("Check")}{busy === "yes" ? "Approving…" : "Approve"}</Button>
              <Button disabled={!!busy} variant="outline" onClick={() => answer({ approved: false, comment }, "no")}>{icon("X")}{busy === "no" ? "Declining…" : "Decline"}</Button>
            </>
          )}
        </div>
      </>
    )
  }

  function closed() {
    const given = p.answer
    if (!given) return <p className="pl-decision">{icon("CircleCheck", { size: 16 })}<span>No longer waiting: it was answered somewhere else, or the run ended.</span></p>
    const word = asks ? "Answered" : given.value && given.value.approved ? "Approved" : "Declined"
    const said = given.value && given.value.comment ? ` “${given.value.comment}”` : ""
    return <p className="pl-decision">{icon(word === "Declined" ? "CircleX" : "CircleCheck", { size: 16 })}<span>{[`${word} by ${given.by || "you"}`, moment(given.at)].join(" · ")}{said}</span></p>
  }

  function complete() {
    return ((p.schema && p.schema.required) || []).every((name) => values[name] !== undefined && values[name] !== "")
  }
})

function defaults(schema) {
  return Object.fromEntries(Object.entries((schema && schema.properties) || {}).filter(([, field]) => field.default !== undefined || field.type === "boolean").map(([name, field]) => [name, field.default ?? false]))
}

function clean(values) {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined && value !== ""))
}

export default <TaskCard p={props} call={callAction} />
