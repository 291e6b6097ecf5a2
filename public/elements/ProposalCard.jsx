import * as React from "react"
import * as icons from "lucide-react"
import { Button } from "@/components/ui/button"
import { Textarea } from "@/components/ui/textarea"
import { Tabs, TabsList, TabsTrigger, TabsContent } from "@/components/ui/tabs"

const { Card, Pill, Section, Note, Copy, Download, Picture, icon, useCall } = window.parley.kit(React, icons)
const { define, moment, short } = window.parley

const BESIDE = 440 // px: a wider picture stands below the steps, at its own size
const STATUS = { open: ["waiting", "Waiting for your decision"], approved: ["done", "Approved"], rejected: ["skipped", "Rejected"], superseded: ["skipped", "Replaced by a newer proposal"] }
const EFFECTS = { read: ["Eye", "reads"], write: ["Upload", "writes"], irreversible: ["Send", "cannot be undone"], unknown: ["CircleHelp", "unknown"] }

const ProposalCard = define("ProposalCard", () => function ProposalCard({ p, call }) {
  const [changing, setChanging] = React.useState("")
  const [text, setText] = React.useState("")
  const { busy, error, send } = useCall(call)
  const [state, word] = STATUS[p.status] || STATUS.open
  const missing = (p.secrets || []).filter((secret) => !secret.set)
  const decide = (what, more) => send("decide", { proposal: p.id, digest: p.digest, do: what, ...more }, what)
  const tell = () => decide(changing, { text }).then((reply) => { if (reply) { setChanging(""); setText("") } })

  return (
    <Card kind="Proposal" title={p.title || p.name} testid="proposal-card" fresh={p.fresh} pill={<Pill state={state}>{word}</Pill>}
      meta={<><span>{p.name} {p.version}</span><span className="pl-mono" title={p.digest}>{short(p.digest)}</span></>}
      footer={footer()}>
      {p.summary ? <p className="pl-lead" dir="auto">{p.summary}</p> : null}
      {(p.warnings || []).map((warning, i) => <Note key={i} tone={warning.severity === "advice" ? "info" : "warn"} title={warning.hint ? warning.message : ""}>{warning.hint || warning.message || warning}</Note>)}
      <Tabs defaultValue="plan" className="pl-tabs">
        <TabsList><TabsTrigger value="plan">Plan</TabsTrigger><TabsTrigger value="yaml">YAML</TabsTrigger></TabsList>
        <TabsContent value="plan">{plan()}</TabsContent>
        <TabsContent value="yaml">{yaml()}</TabsContent>
      </Tabs>
    </Card>
  )

  function plan() {
    return (
      <>
        <div className={p.picture && p.picture.width > BESIDE ? "pl-split pl-wide" : "pl-split"}>
          <Section title="Steps">
            <ol className="pl-outline">
              {(p.outline || []).map((line, i) => (
                <li key={i} style={{ "--depth": line.depth || 0 }} className={line.number ? "" : "pl-trigger"}>
                  <span className="pl-number">{line.number || icon("CalendarClock", { size: 15 })}</span><span dir="auto">{prose(line.text)}{line.detail ? <span className="pl-detail" dir="auto">{prose(line.detail)}</span> : null}</span>
                </li>
              ))}
            </ol>
          </Section>
          <Section title="Picture"><Picture picture={p.picture} title={p.title} /></Section>
        </div>
        <Section title="What it does outside">{effects()}</Section>
        {(p.assumptions || []).length ? (
          <Section title="Assumptions">
            <ul className="pl-list">{p.assumptions.map((item, i) => <li key={i}>{typeof item === "string" ? prose(item) : [item.text || item.question, item.value].filter(Boolean).join(": ")}</li>)}</ul>
          </Section>
        ) : null}
      </>
    )
  }

  function effects() {
    if (!(p.effects || []).length) return <p className="pl-quiet">Nothing: it reads and changes nothing outside Parley.</p>
    return (
      <div className="pl-table-wrap">
        <table className="pl-table pl-effects" data-testid="effects">
          <thead><tr><th>Step</th><th>What</th><th>Where</th><th>How often</th><th>Secret</th><th>Decided before</th></tr></thead>
          <tbody>
            {p.effects.map((effect, i) => {
              const [name, says] = EFFECTS[effect.kind] || EFFECTS.unknown
              return (
                <tr key={i}>
                  <td data-label="Step">{effect.title || effect.task}</td>
                  <td data-label="What"><span className={`pl-effect pl-effect-${effect.kind}`}>{icon(name, { size: 14 })}{says}</span></td>
                  <td data-label="Where" className="pl-mono pl-break">{target(effect.target)}</td>
                  <td data-label="How often"><span title={effect.how_often}>{(effect.how_often || "once").replace(/ of the schedule: .*/, " of the schedule")}</span></td>
                  <td data-label="Secret">{(effect.secrets || []).join(", ") || "none"}</td>
                  <td data-label="Decided before">{effect.decided_before ? effect.by || "by a person" : "nobody is asked"}</td>
                </tr>
              )
            })}
          </tbody>
        </table>
      </div>
    )
  }

  function yaml() {
    return (
      <div className="pl-yaml">
        <div className="pl-tools"><Copy text={p.yaml || ""} /><Download text={p.yaml || ""} name={`${p.name}.yaml`} /></div>
        <pre className="pl-code" tabIndex={0} aria-label="Definition as YAML">{p.yaml}</pre>
      </div>
    )
  }

  function footer() {
    const said = error ? <Note tone="bad">{error}</Note> : null
    if (p.status === "open" && p.may_decide === false) return <p className="pl-quiet">Somebody with the right to approve decides about this.</p>
    if (p.status !== "open") {
      return (
        <>{said}
          <div className="pl-buttons">
            {p.status === "approved" ? <Button disabled={!!busy} onClick={() => send("start", { proposal: p.id, digest: p.digest })}>{icon("Play")}{busy ? "Starting…" : "Run now"}</Button> : null}
            <p className="pl-decision">{icon(p.status === "approved" ? "CircleCheck" : "CircleMinus", { size: 16 })}<span>{decision()}</span></p>
          </div>
        </>
      )
    }
    if (changing) {
      return (
        <>{said}
          <label className="pl-field"><span>{changing === "change" ? "What should be different?" : "Why not? (may stay empty)"}</span>
            <Textarea autoFocus rows={2} value={text} onChange={(event) => setText(event.target.value)} />
          </label>
          <div className="pl-buttons">
            <Button disabled={!!busy || (changing === "change" && !text.trim())} variant={changing === "reject" ? "destructive" : "default"} onClick={tell}>{changing === "change" ? "Send the change" : "Reject"}</Button>
            <Button variant="ghost" onClick={() => setChanging("")}>Back</Button>
          </div>
        </>
      )
    }
    return (
      <>{said}
        {missing.length ? <p className="pl-quiet">{icon("KeyRound", { size: 14 })} Still needed before a run: {missing.map((secret) => secret.name).join(", ")}.</p> : null}
        <div className="pl-buttons">
          <Button disabled={!!busy} onClick={() => decide("approve")}>{icon("Check")}{busy === "approve" ? "Approving…" : "Approve"}</Button>
          <Button disabled={!!busy} variant="outline" onClick={() => decide("approve-and-run")}>{icon("Play")}Approve and run</Button>
          <span className="pl-gap" />
          <Button disabled={!!busy} variant="ghost" onClick={() => setChanging("change")}>{icon("Pencil")}Change…</Button>
          <Button disabled={!!busy} variant="ghost" onClick={() => setChanging("reject")}>{icon("X")}Reject</Button>
        </div>
      </>
    )
  }

  function decision() {
    const who = [p.decided_by ? `by ${p.decided_by}` : "", p.decided_at ? moment(p.decided_at) : ""].filter(Boolean).join(" · ")
    return who ? `${word} ${who}` : word
  }
})

/** Plain words in which `code` stands between backticks. */
function prose(text) {
  return String(text || "").split("`").map((part, i) => (i % 2 ? <code key={i} className="pl-inline-code">{part}</code> : part))
}

/** "GET ${ .a + \"/b\" }" as "GET .a + \"/b\"": the brackets of an expression say nothing to a reader. */
function target(text) {
  return String(text || "–").replace(/\$\{\s*([\s\S]*?)\s*\}(?=\s|$)/g, "$1").replace(/@default$/, "")
}

export default <ProposalCard p={props} call={callAction} />
