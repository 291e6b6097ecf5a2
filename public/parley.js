/* What the cards share. Loaded once per page, before the chat; plain JavaScript, no build step, no other host.

   A card is JSX that the chat compiles again whenever its props change. A component made there would be a new component each time:
   React would throw away its state (an open tab, half-typed text). So a card declares its component once through `parley.define` and
   exports an element of it. */
(function () {
  "use strict"

  try {
    if (!localStorage.getItem("vite-ui-theme")) localStorage.setItem("vite-ui-theme", "system")
  } catch (error) {
    console.info("no local storage: the theme is not remembered", error)
  }

  const components = {}
  let kit = null

  const STATES = {
    pending: { word: "not started", icon: "Circle" },
    running: { word: "running", icon: "LoaderCircle" },
    waiting: { word: "waiting", icon: "Hourglass" },
    retrying: { word: "trying again", icon: "RotateCw" },
    done: { word: "done", icon: "CircleCheck" },
    faulted: { word: "failed", icon: "CircleX" },
    skipped: { word: "skipped", icon: "CircleMinus" },
  }
  const RUNS = {
    ready: { word: "Starting", state: "pending" },
    running: { word: "Running", state: "running" },
    waiting: { word: "Waiting", state: "waiting" },
    completed: { word: "Completed", state: "done" },
    faulted: { word: "Failed", state: "faulted" },
    cancelled: { word: "Cancelled", state: "skipped" },
  }
  const KINDS = {
    call: "PlugZap", http: "Globe", set: "PencilLine", switch: "Split", for: "Repeat", fork: "GitFork", try: "ShieldCheck", raise: "OctagonAlert",
    wait: "Clock", emit: "Radio", listen: "Ear", run: "Workflow", do: "ListTree", approve: "UserRoundCheck", ask: "MessageCircleQuestion",
    notify: "Bell", summarize: "Text", classify: "Tags", start: "Play", end: "Flag",
  }

  /** "1 min 4 s" of a number of seconds. */
  function duration(seconds) {
    const s = Math.max(0, Math.floor(seconds))
    if (s < 60) return `${s} s`
    if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`
    if (s < 86400) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
    return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`
  }

  /** "Fri 20 Nov, 09:41" in the reader's own zone. */
  function moment(iso) {
    if (!iso) return ""
    const at = new Date(iso)
    if (Number.isNaN(at.getTime())) return String(iso)
    const day = at.toLocaleDateString(undefined, { weekday: "short", day: "numeric", month: "short" })
    return `${day}, ${at.toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" })}`
  }

  function short(digest) {
    return String(digest || "").replace(/^sha256:/, "").slice(0, 12)
  }

  let ruler = null

  /** The text, shortened with "…" to fit *width* pixels in the page's own font. */
  function cut(text, width, size, weight) {
    const value = String(text || "")
    if (!ruler) ruler = document.createElement("canvas").getContext("2d")
    ruler.font = `${weight || 400} ${size}px ${getComputedStyle(document.body).fontFamily}`
    if (ruler.measureText(value).width <= width) return value
    let end = value.length - 1
    while (end > 1 && ruler.measureText(value.slice(0, end).trimEnd() + "…").width > width) end -= 1
    return value.slice(0, end).trimEnd() + "…"
  }

  function isTable(value) {
    const flat = (row) => row && typeof row === "object" && !Array.isArray(row) && Object.values(row).every((cell) => cell === null || typeof cell !== "object")
    return Array.isArray(value) && value.length > 0 && value.every(flat) && new Set(value.flatMap((row) => Object.keys(row))).size <= 8
  }

  function makeKit(React, icons) {
    const h = React.createElement
    const icon = (name, props) => h(icons[name] || icons.Circle, { size: 16, "aria-hidden": true, ...props })

    function Pill({ state, children }) {
      const known = STATES[state] || STATES.pending
      return h("span", { className: `pl-pill pl-${state}` }, icon(known.icon, { size: 14, className: "pl-turn" }), h("span", null, children || known.word))
    }

    /** Bring a card that has just arrived into view, unless somebody is writing. */
    function useArrival(fresh) {
      const ref = React.useRef(null)
      React.useEffect(() => {
        const active = document.activeElement
        const writing = active && (active.value || (active.isContentEditable && active.textContent))
        if (fresh && !writing && ref.current) setTimeout(() => ref.current && ref.current.scrollIntoView({ behavior: "smooth", block: "start" }), 150)
      }, [])
      return ref
    }

    function Card({ kind, title, pill, meta, children, footer, testid, fresh }) {
      const ref = useArrival(fresh)
      return h("section", { ref, className: "pl-card", "data-testid": testid, "aria-label": `${kind}: ${title}` },
        h("header", { className: "pl-head" },
          h("div", { className: "pl-head-text" }, h("p", { className: "pl-eyebrow" }, kind), h("h3", { className: "pl-title" }, title), meta ? h("p", { className: "pl-meta" }, meta) : null),
          pill || null),
        h("div", { className: "pl-body" }, children),
        footer ? h("footer", { className: "pl-foot" }, footer) : null)
    }

    function Section({ title, aside, children }) {
      return h("div", { className: "pl-section" }, h("div", { className: "pl-section-head" }, h("h4", null, title), aside || null), children)
    }

    function Note({ tone, title, children }) {
      const names = { info: "Info", warn: "TriangleAlert", bad: "CircleX", good: "CircleCheck" }
      return h("div", { className: `pl-note pl-note-${tone}`, role: tone === "bad" ? "alert" : "note" }, icon(names[tone] || "Info", { size: 18 }),
        h("div", { className: "pl-note-text" }, title ? h("strong", null, title) : null, children))
    }

    function Copy({ text, label }) {
      const [done, setDone] = React.useState(false)
      const copy = () => navigator.clipboard.writeText(text).then(() => { setDone(true); setTimeout(() => setDone(false), 1500) })
      return h("button", { type: "button", className: "pl-tool", onClick: copy }, icon(done ? "Check" : "Copy", { size: 14 }), done ? "Copied" : label || "Copy")
    }

    function Download({ text, name }) {
      const save = () => {
        const link = document.createElement("a")
        link.href = URL.createObjectURL(new Blob([text], { type: "application/yaml" }))
        link.download = name
        link.click()
        setTimeout(() => URL.revokeObjectURL(link.href), 1000)
      }
      return h("button", { type: "button", className: "pl-tool", onClick: save }, icon("Download", { size: 14 }), "Download")
    }

    function Table({ rows }) {
      const [all, setAll] = React.useState(false)
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
      const numeric = columns.filter((name) => rows.every((row) => row[name] == null || typeof row[name] === "number"))
      const shown = all ? rows : rows.slice(0, 8)
      return h("div", { className: "pl-table-wrap" },
        h("table", { className: "pl-table" },
          h("thead", null, h("tr", null, columns.map((name) => h("th", { key: name, className: numeric.includes(name) ? "pl-num" : "" }, name)))),
          h("tbody", null, shown.map((row, i) => h("tr", { key: i }, columns.map((name) => h("td", { key: name, className: numeric.includes(name) ? "pl-num" : "" }, row[name] == null ? "–" : String(row[name]))))))),
        rows.length > shown.length ? h("button", { type: "button", className: "pl-tool", onClick: () => setAll(true) }, `Show all ${rows.length} rows`) : null)
    }

    /** A value of any shape: a table when it is a list of flat objects, text, or folded JSON. */
    function Value({ value }) {
      if (isTable(value)) return h(Table, { rows: value })
      if (typeof value === "string") return h("p", { className: "pl-text" }, value)
      const text = JSON.stringify(value, null, 2) ?? "null"
      const lines = text.split("\n").length
      if (lines <= 14) return h("pre", { className: "pl-code" }, text)
      return h("details", { className: "pl-fold" }, h("summary", null, icon("ChevronRight", { size: 14 }), `Show ${lines} lines`), h("pre", { className: "pl-code" }, text))
    }

    /** Seconds since *from*, ticking until *until* is known. *now* is the server's clock when the props were made. */
    function Elapsed({ from, until, now }) {
      const skew = React.useMemo(() => (now ? Date.now() - new Date(now).getTime() : 0), [now])
      const [, tick] = React.useState(0)
      React.useEffect(() => {
        if (until) return undefined
        const timer = setInterval(() => tick((n) => n + 1), 1000)
        return () => clearInterval(timer)
      }, [until])
      if (!from) return null
      const end = until ? new Date(until).getTime() : Date.now() - skew
      return h("span", { className: "pl-elapsed", title: `Started ${moment(from)}` }, icon("Timer", { size: 14 }), duration((end - new Date(from).getTime()) / 1000))
    }

    /** An icon inside a drawing; the group turns, for a nested svg does not. */
    function mark(name, x, y, size) {
      return h("g", { className: "pl-turn pl-node-icon", style: { transformOrigin: `${x + size / 2}px ${y + size / 2}px` } }, icon(name, { x, y, size }))
    }

    function stateOf(steps, node) {
      if (!steps) return null
      const step = steps[node.id] || { status: "pending" }
      const known = STATES[step.status] || STATES.pending
      let word = (step.status !== "faulted" && step.detail) || (step.status === "pending" && steps.ended ? "not reached" : known.word)
      if (step.total) word = `${step.done || 0} of ${step.total}`
      else if (step.status === "retrying") word = `try ${step.attempts}`
      else if (step.status === "done" && step.done > 1) word = `done ${step.done} times`
      return { ...known, name: step.status, word }
    }

    function Node({ node, steps }) {
      if (node.id === "start" || node.id === "end") {
        return h("g", { className: "pl-node pl-terminal", "data-node": node.id },
          h("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: node.h / 2 }),
          h("text", { x: node.x + node.w / 2, y: node.y + node.h / 2 + 4, textAnchor: "middle", className: "pl-node-sub" }, cut(node.title || node.id, node.w - 12, 12)))
      }
      const state = stateOf(steps, node)
      const name = state ? state.name : "plain"
      const says = state ? state.word : String(node.subtitle || "").replaceAll("`", "")
      const label = [node.title, says].filter(Boolean).join(", ")
      const tip = [node.tooltip || node.title, state ? state.word : ""].filter(Boolean).join("\n").replaceAll("`", "")
      if (node.box) {
        return h("g", { className: `pl-node pl-box pl-${name}`, "data-node": node.id, "data-status": name, role: "img", "aria-label": label },
          h("title", null, tip), h("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: 12 }),
          mark(state ? state.icon : KINDS[node.kind] || "ListTree", node.x + 12, node.y + 9, 14),
          h("text", { x: node.x + 32, y: node.y + 20, className: "pl-node-sub" }, cut(says ? `${node.title} · ${says}` : node.title, node.w - 44, 12)))
      }
      const middle = node.y + node.h / 2
      const two = Boolean(says) && node.h >= 36
      return h("g", { className: `pl-node pl-${name}`, "data-node": node.id, "data-status": name, role: "img", "aria-label": label },
        h("title", null, tip), h("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: 10 }),
        mark(state ? state.icon : KINDS[node.kind] || "Circle", node.x + 11, middle - 9, 18),
        h("text", { x: node.x + 38, y: two ? middle - 3 : middle + 5, className: "pl-node-title" }, cut(node.title, node.w - 46, 13, 600)),
        two ? h("text", { x: node.x + 38, y: middle + 14, className: "pl-node-sub" }, cut(says, node.w - 46, 12, 550)) : null)
    }

    function Edge({ edge, marker }) {
      const points = edge.points || []
      if (points.length < 2) return null
      const path = points.map(([x, y], i) => `${i ? "L" : "M"}${x} ${y}`).join("")
      const middle = points.length > 2 ? points[Math.floor(points.length / 2)] : [(points[0][0] + points[1][0]) / 2, (points[0][1] + points[1][1]) / 2]
      const wide = edge.label ? Math.min(180, edge.label.length * 6.6 + 12) : 0
      return h("g", { className: edge.back ? "pl-edge pl-back" : "pl-edge" }, h("path", { d: path, fill: "none", markerEnd: `url(#${marker})` }),
        edge.label ? h("g", null, h("title", null, edge.label), h("rect", { x: middle[0] - wide / 2, y: middle[1] - 10, width: wide, height: 20, rx: 6, className: "pl-edge-paper" }),
          h("text", { x: middle[0], y: middle[1] + 4, textAnchor: "middle", className: "pl-edge-label" }, cut(edge.label, wide, 11.5))) : null)
    }

    /** The drawing of a definition; with *steps* (by reference) every task shows its state by icon, word and colour. */
    function Picture({ picture, steps, title }) {
      const [zoom, setZoom] = React.useState(1)
      const marker = React.useMemo(() => `pl-arrow-${Math.random().toString(36).slice(2)}`, [])
      if (!picture || !picture.nodes) return null
      const { width, height, nodes, edges } = picture
      const size = zoom === 1 ? { width: "100%", minWidth: Math.min(width, width * 0.7), maxWidth: width } : { width: width * zoom, maxWidth: "none" }
      const tool = (name, label, act) => h("button", { type: "button", className: "pl-icon-tool", "aria-label": label, title: label, onClick: act }, icon(name, { size: 15 }))
      return h("div", { className: "pl-picture" },
        h("div", { className: "pl-picture-tools" },
          tool("ZoomOut", "Smaller", () => setZoom((z) => Math.max(0.4, z - 0.2))), tool("Maximize", "Fit", () => setZoom(1)), tool("ZoomIn", "Larger", () => setZoom((z) => Math.min(2.4, z + 0.2)))),
        h("div", { className: "pl-picture-scroll", tabIndex: 0, role: "region", "aria-label": `Picture of ${title || "the workflow"}` },
          h("svg", { viewBox: `-4 -4 ${width + 8} ${height + 8}`, style: { ...size, aspectRatio: `${width + 8} / ${height + 8}` }, role: "group" },
            h("defs", null, h("marker", { id: marker, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, h("path", { d: "M0 1L9 5L0 9z", className: "pl-arrow" }))),
            nodes.filter((node) => node.box).map((node) => h(Node, { key: node.id, node, steps })),
            (edges || []).map((edge, i) => h(Edge, { key: i, edge, marker })),
            nodes.filter((node) => !node.box).map((node) => h(Node, { key: node.id, node, steps })))))
    }

    /** Call the server once; keep the answer's error in words. `call` is the card's `callAction`. */
    function useCall(call) {
      const [busy, setBusy] = React.useState("")
      const [error, setError] = React.useState("")
      const send = React.useCallback((name, payload, label) => {
        setBusy(label || name)
        setError("")
        return Promise.resolve(call({ name, payload })).then((reply) => {
          if (reply && reply.response && reply.response.error) setError(reply.response.error)
          return reply
        }).catch((problem) => setError(words(problem))).finally(() => setBusy(""))
      }, [call])
      return { busy, error, send, setError }
    }

    function words(problem) {
      const detail = problem && problem.detail
      if (problem && problem.status >= 500) return "Parley could not answer just now. Wait a moment, look whether it was done, then try again."
      if (detail && typeof detail === "object") return detail.message || JSON.stringify(detail)
      return detail || (problem && problem.message) || "The server did not answer. Check that Parley is running, then try again."
    }

    return { h, icon, Pill, Card, Section, Note, Copy, Download, Table, Value, Elapsed, Picture, useCall, STATES, RUNS }
  }

  // On a narrow screen nobody puts the conversation into the address, and a reload would begin a new one.
  window.addEventListener("message", (event) => {
    const id = event.source === window && event.data && event.data.parleyConversation
    if (id) setTimeout(() => { if (location.pathname === "/") history.replaceState(history.state, "", `/thread/${id}`) }, 700)
  })

  window.parley = {
    define: (name, make) => components[name] || (components[name] = make()),
    kit: (React, icons) => kit || (kit = makeKit(React, icons)),
    duration, moment, short, isTable,
  }
})()
