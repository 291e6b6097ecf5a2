import * as React from "react"
import * as icons from "lucide-react"
import { Button } from "@/components/ui/button"
import { Input } from "@/components/ui/input"

const { Card, Pill, Note, icon, useCall } = window.parley.kit(React, icons)
const { define } = window.parley

const QuestionsCard = define("QuestionsCard", () => function QuestionsCard({ p, call }) {
  const questions = p.questions || []
  const [values, setValues] = React.useState(() => Object.fromEntries(questions.filter((q) => q.default != null).map((q) => [q.id, String(q.default)])))
  const { busy, error, send } = useCall(call)
  const open = p.status === "open"
  const set = (id, value) => setValues((before) => ({ ...before, [id]: value }))
  const ready = questions.every((q) => String(values[q.id] ?? "").trim())
  const submit = (event) => { event.preventDefault(); if (ready && !busy) send("questions", { card: p.card, answers: values }) }

  return (
    <Card kind="Before I write it" title={questions.length === 1 ? "One question" : `${questions.length} questions`} testid="questions-card" fresh={p.fresh}
      pill={<Pill state={open ? "waiting" : "done"}>{open ? "Waiting for you" : p.status === "closed" ? "Answered in the chat" : "Answered"}</Pill>}>
      <form className="pl-form" onSubmit={submit}>
        {questions.map((q) => (
          <fieldset key={q.id} className="pl-question" data-question={q.id}>
            <legend>{q.text}</legend>
            {q.why ? <p className="pl-quiet">{q.why}</p> : null}
            {open ? entry(q) : <p className="pl-answer">{icon("CornerDownRight", { size: 15 })}{(p.answers && p.answers[q.id]) || "–"}</p>}
          </fieldset>
        ))}
        {error ? <Note tone="bad">{error}</Note> : null}
        {open ? <div className="pl-buttons"><Button type="submit" disabled={!ready || !!busy}>{icon("ArrowRight")}{busy ? "Sending…" : "Continue"}</Button></div> : null}
      </form>
    </Card>
  )

  function entry(q) {
    const options = (q.options || []).map((option) => (typeof option === "object" ? option : { value: option, label: option }))
    const chosen = options.some((option) => String(option.value) === String(values[q.id] ?? ""))
    return (
      <>
        {options.length ? (
          <div className="pl-chips" role="group" aria-label={q.text}>
            {options.map((option) => (
              <button key={option.value} type="button" className="pl-chip" aria-pressed={String(values[q.id] ?? "") === String(option.value)} onClick={() => set(q.id, String(option.value))}>{option.label || option.value}</button>
            ))}
          </div>
        ) : null}
        <Input aria-label={options.length ? `Another answer to: ${q.text}` : q.text} placeholder={options.length ? "or type another answer" : "Your answer"} value={chosen ? "" : values[q.id] ?? ""} onChange={(event) => set(q.id, event.target.value)} />
      </>
    )
  }
})

export default <QuestionsCard p={props} call={callAction} />
