(() => {
  "use strict"
  const view = document.querySelector(".view")
  const drawing = view.querySelector("svg")
  const [wide, high] = [drawing.width.baseVal.value, drawing.height.baseVal.value]
  let scale = 1

  /** Draw at *wanted* times its size and keep the point (x, y) of the window where it is. */
  function zoom(wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const [left, top] = [(view.scrollLeft + x) / scale, (view.scrollTop + y) / scale]
    scale = Math.min(4, Math.max(0.1, wanted))
    drawing.style.width = `${wide * scale}px`
    drawing.style.height = `${high * scale}px`
    view.scrollTo(left * scale - x, top * scale - y)
  }

  function fit() {
    zoom(Math.min(1, Math.max(0.5, view.clientWidth / wide)))
    view.scrollTo((wide * scale - view.clientWidth) / 2, 0)
  }

  const acts = { smaller: () => zoom(scale / 1.25), larger: () => zoom(scale * 1.25), fit, whole: () => zoom(Math.min(view.clientWidth / wide, view.clientHeight / high, 1)) }
  for (const button of document.querySelectorAll("[data-act]")) button.addEventListener("click", acts[button.dataset.act])
  view.addEventListener("keydown", (event) => {
    const act = { "+": "larger", "=": "larger", "-": "smaller", 0: "fit" }[event.key]
    if (act && !event.ctrlKey && !event.metaKey) acts[act]()
  })
  view.addEventListener("wheel", (event) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    const box = view.getBoundingClientRect()
    zoom(scale * Math.exp(-event.deltaY / 300), event.clientX - box.left, event.clientY - box.top)
  }, { passive: false })

  let held = null
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0) return
    held = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop }
    view.classList.add("held")
    view.setPointerCapture(event.pointerId)
  })
  view.addEventListener("pointermove", (event) => {
    if (held) view.scrollTo(held.x - event.clientX, held.y - event.clientY)
  })
  for (const end of ["pointerup", "pointercancel"]) view.addEventListener(end, () => { held = null; view.classList.remove("held") })

  const nodes = new Map([...drawing.querySelectorAll("[data-ref]")].map((node) => [node.dataset.ref, node]))
  const lines = [...document.querySelectorAll("[data-goto]")]
  const show = (reference, on) => {
    nodes.get(reference)?.classList.toggle("shown", on)
    for (const line of lines) if (line.dataset.goto === reference) line.classList.toggle("at", on)
  }
  /** Bring a task into the middle of the window. */
  function go(reference) {
    const node = nodes.get(reference)
    if (!node) return
    const [at, box] = [node.getBoundingClientRect(), view.getBoundingClientRect()]
    view.scrollBy({ left: at.left + at.width / 2 - box.left - box.width / 2, top: at.top + Math.min(at.height, box.height) / 2 - box.top - box.height / 2, behavior: "smooth" })
  }
  for (const line of lines) {
    const reference = line.dataset.goto
    line.addEventListener("mouseenter", () => show(reference, true))
    line.addEventListener("mouseleave", () => show(reference, false))
    line.addEventListener("click", () => go(reference))
  }
  for (const [reference, node] of nodes) {
    node.addEventListener("mouseenter", () => show(reference, true))
    node.addEventListener("mouseleave", () => show(reference, false))
  }
  fit()
})()
