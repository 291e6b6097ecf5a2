import * as React from "react"
import * as icons from "lucide-react"
import { Button } from "@/components/ui/button"

const { Card, Pill, Section, Note, Value, Elapsed, Picture, icon, useCall, RUNS } = window.parley.kit(React, icons)
const { define, moment } = window.parley

const ENDED = ["completed", "faulted", "cancelled"]
const COUNTED = [["done", "done"], ["running", "running"], ["waiting", "waiting"], ["retrying", "trying again"], ["faulted", "failed"], ["skipped", "skipped"], ["compensated", "undone"], ["pending", "to do"]]

const RunCard = define("RunCard", () => function RunCard({ p, call }) {
  const { busy, error, send } = useCall(call)
  const known = RUNS[p.status] || RUNS.ready
  const ended = ENDED.includes(p.status)
  const may = (name) => (p.actions || []).includes(name)
  const act = (what) => send("control", { run: p.id, do: what }, what)

  return (
    <Card kind="Run" title={p.title || p.name} testid="run-card" fresh={p.fresh} pill={<span data-testid="run-status" data-status={p.status}><Pill state={known.state}>{known.word}</Pill></span>}
      meta={<><span>{p.name} {p.version}</span><Elapsed from={p.started_at} until={ended ? p.ended_at || p.now : null} now={p.now} /></>}
      footer={may("cancel") || may("retry") || may("resume") || error ? footer() : null}>
      {p.reason && !p.error && !(p.awaiting || []).length ? <p className="pl-quiet">{p.reason}</p> : null}
      {p.error ? failure() : null}
      {(p.awaiting || []).map(waits)}
      <Section title="Progress" aside={counts()}><Picture picture={p.picture} steps={{ ...p.steps, ended }} title={p.title} /></Section>
      {p.status === "completed" ? (
        <Section title="Result"><div data-testid="run-output">{p.output === null || p.output === undefined ? <p className="pl-quiet">The workflow returned nothing.</p> : <Value value={p.output} />}</div></Section>
      ) : null}
    </Card>
  )

  function counts() {
    const states = Object.values(p.steps || {}).map((step) => step.status)
    return (
      <span className="pl-counts">
        {COUNTED.map(([state, word]) => [state, word, states.filter((one) => one === state).length]).filter((row) => row[2]).map(([state, word, n]) => (
          <span key={state} className={`pl-count pl-${state}`}>{n} {state === "pending" && ended ? "not reached" : word}</span>
        ))}
      </span>
    )
  }

  function failure() {
    const { what, where, why, next, code } = p.error
    return (
      <Note tone="bad" title={what}>
        <dl className="pl-why">
          {where ? <><dt>Where</dt><dd className="pl-mono pl-break">{where}</dd></> : null}
          {why ? <><dt>Why</dt><dd>{why}</dd></> : null}
          {next ? <><dt>What next</dt><dd>{next}</dd></> : null}
          {code ? <><dt>Code</dt><dd className="pl-mono">{code}</dd></> : null}
        </dl>
      </Note>
    )
  }

  function waits(item) {
    if (item.kind === "outcome-unknown") {
      return (
        <Note key={item.path} tone="warn" title={item.title || "Nobody knows whether this happened"}>
          <p>{item.message || "The request left, and its answer was never stored. Look at the other side, then say what you found."}</p>
          <p className="pl-mono pl-break pl-quiet">{item.reference}</p>
          <div className="pl-buttons">
            <Button size="sm" disabled={!!busy} onClick={() => send("answer", { run: p.id, path: item.path, value: { happened: true } })}>It happened</Button>
            <Button size="sm" variant="outline" disabled={!!busy} onClick={() => send("answer", { run: p.id, path: item.path, value: { happened: false } })}>It did not</Button>
            {item.check ? <Button size="sm" variant="outline" disabled={!!busy} onClick={() => send("answer", { run: p.id, path: item.path, value: { check: true } })}>Let the proof look</Button> : null}
          </div>
        </Note>
      )
    }
    const who = item.kind === "approve" || item.kind === "ask" ? `for ${item.assignee || "you"}: ${item.title || "a decision"}` : item.kind === "event" ? `for an event${item.event && item.event.type ? ` of type ${item.event.type}` : ""}: ${item.title || item.reference}` : `until ${moment(item.wake_at)}`
    return <p key={item.path} className="pl-waits">{icon(item.kind === "timer" ? "Clock" : item.kind === "event" ? "Ear" : "UserRound", { size: 16 })}<span>Waiting {who}</span></p>
  }

  function footer() {
    return (
      <>
        {error ? <Note tone="bad">{error}</Note> : null}
        <div className="pl-buttons">
          {may("retry") ? <Button disabled={!!busy} onClick={() => act("retry")}>{icon("RotateCw")}{busy === "retry" ? "Trying…" : "Retry the failed step"}</Button> : null}
          {may("resume") ? <Button disabled={!!busy} onClick={() => act("resume")}>{icon("Play")}{busy === "resume" ? "Going on…" : "Go on"}</Button> : null}
          {may("cancel") ? <Button disabled={!!busy} variant="outline" onClick={() => act("cancel")}>{icon("Square")}{busy === "cancel" ? "Cancelling…" : "Cancel"}</Button> : null}
        </div>
      </>
    )
  }
})

export default <RunCard p={props} call={callAction} />
