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

  const RECONNECTS = 30
  const RECONNECT_MS = 300
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
    compensated: { word: "undone", icon: "Undo2" },
  }
  const RUNS = {
    ready: { word: "Starting", state: "pending" },
    running: { word: "Running", state: "running" },
    waiting: { word: "Waiting", state: "waiting" },
    completed: { word: "Completed", state: "done" },
    faulted: { word: "Failed", state: "faulted" },
    cancelled: { word: "Cancelled", state: "skipped" },
    suspended: { word: "On hold", state: "waiting" },
    stuck: { word: "Put aside", state: "faulted" },
  }
  const KINDS = {
    call: "PlugZap", http: "Globe", set: "PencilLine", switch: "Split", for: "Repeat", fork: "GitFork", try: "ShieldCheck", raise: "OctagonAlert",
    wait: "Clock", emit: "Radio", listen: "Ear", run: "Workflow", do: "ListTree", approve: "UserRoundCheck", ask: "MessageCircleQuestion",
    notify: "Bell", summarize: "Text", classify: "Tags", start: "Play", end: "Flag",
    grpc: "ArrowLeftRight", openapi: "Braces", asyncapi: "RadioTower", a2a: "Bot", mcp: "Plug", function: "SquareFunction", container: "Container",
    script: "CodeXml", shell: "SquareTerminal", workflow: "Workflow", attempt: "RefreshCw", catch: "LifeBuoy", extension: "Puzzle", more: "Ellipsis",
    if: "Diamond", until: "Flag", timeout: "Timer", background: "FastForward", before: "Puzzle", after: "Puzzle", around: "Puzzle", compensate: "Undo2",
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

  /** How wide a text is in the page's own font, in pixels. */
  function measured(text, size, weight) {
    if (!ruler) ruler = document.createElement("canvas").getContext("2d")
    ruler.font = `${weight || 400} ${size}px ${getComputedStyle(document.body).fontFamily}`
    return ruler.measureText(String(text || "")).width
  }

  /** The text, shortened with "…" to fit *width* pixels. */
  function cut(text, width, size, weight) {
    const characters = Array.from(String(text || ""))
    if (measured(characters.join(""), size, weight) <= width) return characters.join("")
    let end = characters.length - 1
    while (end > 1 && measured(characters.slice(0, end).join("").trimEnd() + "…", size, weight) > width) end -= 1
    return characters.slice(0, end).join("").trimEnd() + "…"
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
          h("div", { className: "pl-head-text" }, h("p", { className: "pl-eyebrow" }, kind), h("h3", { className: "pl-title", dir: "auto" }, title), meta ? h("p", { className: "pl-meta" }, meta) : null),
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

    const FIRST_ROWS = 8
    const MORE_ROWS = 200

    function Cell({ value, number }) {
      const text = value == null ? "–" : String(value)
      return h("td", { className: number ? "pl-num" : text.length > 28 ? "pl-long" : "pl-brief", dir: "auto" }, text)
    }

    function Table({ rows }) {
      const [count, setCount] = React.useState(FIRST_ROWS)
      const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))]
      const numeric = columns.filter((name) => rows.every((row) => row[name] == null || typeof row[name] === "number"))
      const rest = rows.length - count
      const more = rest > MORE_ROWS ? `Show ${MORE_ROWS} more of ${rows.length} rows` : `Show all ${rows.length} rows`
      return h("div", null,
        h("div", { className: "pl-table-wrap", ...(count > FIRST_ROWS ? { tabIndex: 0, role: "region", "aria-label": `${rows.length} rows` } : {}) },
          h("table", { className: "pl-table" },
            h("thead", null, h("tr", null, columns.map((name) => h("th", { key: name, scope: "col", className: numeric.includes(name) ? "pl-num" : "" }, name)))),
            h("tbody", null, rows.slice(0, count).map((row, i) => h("tr", { key: i }, columns.map((name) => h(Cell, { key: name, value: row[name], number: numeric.includes(name) }))))))),
        rest > 0 ? h("button", { type: "button", className: "pl-tool", onClick: () => setCount((n) => n + MORE_ROWS) }, more) : null)
    }

    /** A value of any shape: a table when it is a list of flat objects, text, or folded JSON. */
    function Value({ value }) {
      if (isTable(value)) return h(Table, { rows: value })
      if (typeof value === "string") return h("p", { className: "pl-text", dir: "auto" }, value)
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

    const PILLS = ["start", "end", "exit", "jump", "join"]
    const STATELESS = ["catch", "attempt", "more"]
    const LINE = 17
    const BESIDE = 32 // the icon at the left
    const DRAWN_BESIDE = 48 // the same in the server's own drawing: badges are placed for it

    function Words({ node, lines, word, sub, x, y, step }) {
      const room = node.x + node.w - x - 9
      const rows = lines.map((line, i) => h("text", { key: i, x, y: y + i * step, className: "pl-node-title" }, cut(line, room, 13, 600)))
      const shown = cut(word, room, 11, 600)
      const left = room - (word ? measured(shown, 11, 600) + measured(" · ", 11) : 0)
      const rest = sub && left > 30 ? cut(sub, left, 11) : ""
      const below = h("text", { key: "below", x, y: y + lines.length * step, className: "pl-node-sub" },
        word ? h("tspan", { className: "pl-node-word" }, shown) : null, rest ? `${word ? " · " : ""}${rest}` : null)
      return h(React.Fragment, null, rows, shown || rest ? below : null)
    }

    /** A node's title on as few lines as the page's own font needs. */
    function titleLines(node, room) {
      const lines = (node.title_lines || []).length ? node.title_lines : [node.title || node.id]
      return measured(lines.join(" "), 13, 600) <= room ? [lines.join(" ")] : lines
    }

    function Node({ node, steps }) {
      const plain = (text) => String(text || "").replaceAll("`", "")
      if (PILLS.includes(node.kind)) {
        return h("g", { className: "pl-node pl-terminal", "data-node": node.id }, h("title", null, plain(node.tooltip || node.title)),
          h("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: node.kind === "join" ? 6 : node.h / 2 }),
          h("text", { x: node.x + node.w / 2, y: node.y + node.h / 2 + 4, textAnchor: "middle", className: "pl-node-sub" }, cut(node.title || node.id, node.w - 16, 11)))
      }
      const state = STATELESS.includes(node.kind) || node.id.startsWith("/use/") ? null : stateOf(steps, node)
      const name = state ? state.name : "plain"
      const sub = plain(node.subtitle)
      const word = state && !(state.name === "pending" && !steps.ended) ? state.word : ""
      const label = [node.title, state ? state.word : "", sub].filter(Boolean).join(", ")
      const tip = [plain(node.tooltip || node.title), state ? state.word : ""].filter(Boolean).join("\n")
      const lines = titleLines(node, node.w - BESIDE - 9)
      const count = lines.length + (word || sub ? 1 : 0)
      const high = node.text_h || node.h
      const step = node.box ? LINE : Math.min(LINE, (high - 6) / count)
      const y = node.y + (node.box ? 22 : (high - step * count) / 2 + 13)
      return h("g", { className: `pl-node${node.box ? " pl-box" : ""} pl-${name}`, "data-node": node.id, "data-status": name, role: "img", "aria-label": label },
        h("title", null, tip), h("rect", { x: node.x, y: node.y, width: node.w, height: node.h, rx: node.box ? 12 : 10 }),
        mark(state ? state.icon : KINDS[node.icon] || KINDS[node.kind] || "Circle", node.x + 10, y - 13, 16),
        h(Words, { node, lines, word, sub, x: node.x + BESIDE, y, step }), (node.badges || []).map((badge, i) => h(Badge, { key: i, badge })))
    }

    /** A small sign of a task: its condition, its time limit, what stands around it. */
    function Badge({ badge }) {
      const x = badge.x - DRAWN_BESIDE + BESIDE
      return h("g", { className: "pl-badge" }, h("title", null, badge.tooltip), h("rect", { x, y: badge.y, width: badge.w, height: 18, rx: 9 }),
        icon(KINDS[badge.kind] || "Circle", { x: x + 7, y: badge.y + 3.5, size: 11 }),
        h("text", { x: x + 22, y: badge.y + 13, className: "pl-node-sub" }, cut(badge.text, badge.w - 28, 11)))
    }

    /** Vertical and horizontal lines as path data, with rounded corners. */
    function rounded(points) {
      const gap = (a, b) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1])
      const towards = (a, b, r) => { const all = gap(a, b) || 1; return `${a[0] + ((b[0] - a[0]) * r) / all} ${a[1] + ((b[1] - a[1]) * r) / all}` }
      return points.map((at, i) => {
        if (i === 0) return `M${at[0]} ${at[1]}`
        if (i === points.length - 1) return `L${at[0]} ${at[1]}`
        const r = Math.min(8, gap(points[i - 1], at) / 2, gap(at, points[i + 1]) / 2)
        return `L${towards(at, points[i - 1], r)}Q${at[0]} ${at[1]} ${towards(at, points[i + 1], r)}`
      }).join("")
    }

    function Edge({ edge, marker }) {
      if ((edge.points || []).length < 2) return null
      const kind = edge.kind === "retry" || edge.kind === "fails" ? ` pl-${edge.kind}` : ""
      return h("g", { className: `pl-edge${edge.back ? " pl-back" : ""}${kind}` }, h("path", { d: rounded(edge.points), fill: "none", markerEnd: `url(#${marker})` }))
    }

    function EdgeLabel({ edge }) {
      const { label, label_x: x, label_y: y, label_w: wide } = edge
      return h("g", null, h("title", null, edge.tooltip || label), h("rect", { x: x - wide / 2, y: y - 9, width: wide, height: 18, rx: 9, className: "pl-edge-paper" }),
        h("text", { x, y: y + 4, textAnchor: "middle", className: "pl-edge-label" }, cut(label, wide - 8, 11)))
    }

    /** Keep what is at work in sight inside the picture, never moving the page; whoever points at it looks where they like. */
    function useFollow(picture, steps) {
      const ref = React.useRef(null)
      const busy = ["faulted", "waiting", "retrying", "running"]
      const at = steps ? picture.nodes.filter((node) => !node.box && busy.includes((steps[node.id] || {}).status)) : []
      at.sort((a, b) => busy.indexOf(steps[a.id].status) - busy.indexOf(steps[b.id].status))
      const wanted = at[0] || picture.nodes.find((node) => node.id === "start")
      React.useEffect(() => {
        const box = ref.current
        if (!box || !wanted || box.matches(":hover")) return
        const scale = box.querySelector("svg").getBoundingClientRect().width / picture.width
        box.scrollTop = (wanted.y + wanted.h / 2) * scale - box.clientHeight / 2
        box.scrollLeft = (wanted.x + wanted.w / 2) * scale - box.clientWidth / 2
      }, [wanted && wanted.id])
      return ref
    }

    /** The drawing of a definition; with *steps* (by reference) every task shows its state by icon, word and colour. */
    function Picture(props) {
      return props.picture && props.picture.nodes ? h(Drawing, props) : null
    }

    function Drawing({ picture, steps, title }) {
      const [zoom, setZoom] = React.useState(1)
      const marker = React.useMemo(() => `pl-arrow-${Math.random().toString(36).slice(2)}`, [])
      const region = useFollow(picture, steps)
      const { width, height, nodes } = picture
      const edges = picture.edges || []
      const size = zoom === 1 ? { width: "100%", minWidth: width * 0.78, maxWidth: width } : { width: width * zoom, maxWidth: "none" }
      const tool = (name, label, act) => h("button", { type: "button", className: "pl-icon-tool", "aria-label": label, title: label, onClick: act }, icon(name, { size: 15 }))
      return h("div", { className: "pl-picture" },
        h("div", { className: "pl-picture-tools" },
          tool("ZoomOut", "Smaller", () => setZoom((z) => Math.max(0.4, z - 0.2))), tool("Maximize", "Fit", () => setZoom(1)), tool("ZoomIn", "Larger", () => setZoom((z) => Math.min(2.4, z + 0.2)))),
        h("div", { ref: region, className: "pl-picture-scroll", tabIndex: 0, role: "region", "aria-label": `Picture of ${title || "the workflow"}` },
          h("svg", { viewBox: `0 0 ${width} ${height}`, style: { ...size, aspectRatio: `${width} / ${height}` }, role: "group" },
            h("defs", null, h("marker", { id: marker, viewBox: "0 0 10 10", refX: 9, refY: 5, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, h("path", { d: "M0 1L9 5L0 9z", className: "pl-arrow" }))),
            (picture.lanes || []).slice(1).map((lane) => h("text", { key: lane.id, x: lane.x, y: lane.y + 14, className: "pl-node-sub" }, lane.title)),
            nodes.filter((node) => node.box).map((node) => h(Node, { key: node.id, node, steps })),
            edges.map((edge, i) => h(Edge, { key: i, edge, marker })),
            nodes.filter((node) => !node.box).map((node) => h(Node, { key: node.id, node, steps })),
            edges.filter((edge) => edge.label).map((edge, i) => h(EdgeLabel, { key: i, edge })))))
    }

    let newest = null // the page's way to the server: a card that the chat has replaced meanwhile holds an older one

    /** Call the server once. Only when it did nothing, for it does not know this page yet, call again, by then perhaps with a new session. */
    async function reach(name, payload) {
      for (let left = RECONNECTS; ; left -= 1) {
        try {
          return await newest({ name, payload })
        } catch (problem) {
          if (left === 0 || !problem || !problem.detail || problem.detail.code !== "page-not-connected") throw problem
        }
        await new Promise((done) => setTimeout(done, RECONNECT_MS))
      }
    }

    /** Call the server; keep the answer's error in words. `call` is the card's `callAction`. */
    function useCall(call) {
      newest = call
      const [busy, setBusy] = React.useState("")
      const [error, setError] = React.useState("")
      const send = React.useCallback((name, payload, label) => {
        setBusy(label || name)
        setError("")
        return reach(name, payload).then((reply) => {
          if (reply && reply.response && reply.response.error) setError(reply.response.error)
          return reply
        }).catch((problem) => setError(words(problem))).finally(() => setBusy(""))
      }, [])
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
