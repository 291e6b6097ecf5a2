"""Turn a definition into a picture: sizes and texts of the nodes, scopes as boxes around what stands inside them.

What would be too much to look at is told as a number: of a list the tasks beyond `MOST_STEPS`, of a fork the branches beyond
`MOST_BRANCHES`, of everything the tasks beyond `MOST_TASKS`, and what stands deeper than `MOST_DEPTH` lists.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.jq_words import plainly
from dsl.phrases import brief, catch_words, failure_words, phrase
from dsl.picture.badges import Around, badges_of, condition_of, extensions, time_limit
from dsl.picture.cells import GAP_X
from dsl.picture.graph import Edge, Lane, Node, Picture
from dsl.picture.icons import function_of, icon_of
from dsl.picture.layout import rows_of
from dsl.picture.parts import NODE_WIDTH, TEXT_LEFT, TEXT_RIGHT, Part, assembled, boxed, flat, joined, layers, leaf, more, pill, stacked
from dsl.picture.sayings import item_words, retry_words, subtitle_words, title_words, unless_same
from dsl.picture.ways import Course, Way, ways
from dsl.pointer import get
from dsl.settings import parley_of_document
from dsl.walk import Step, TaskBlock, declared_blocks, inner_blocks, top_block
from dsl.words import schedule_words, spoken

JSON = Any

MARGIN: Final = 20.0
LANE_GAP: Final = 56.0
LANE_HEAD: Final = 34.0
MOST_STEPS: Final = 1_000
MOST_BRANCHES: Final = 40
MOST_TASKS: Final = 2_000
MOST_DEPTH: Final = 30


def picture(data: JSON, catalogue: Catalogue | None = None) -> Picture:
    """Return the picture of a definition, valid or not; what is not a task is left out."""
    painter = _Painter(data, catalogue or {}, extensions(data))
    top = top_block(data)
    part = painter.sequence(top if top is not None else TaskBlock("/do", None, False, frozenset()), "", starts=painter.starts())
    columns = [("/do", "", [part]), *((name, title, found) for name, title, found in painter.declared() if found)]
    nodes: list[Node] = []
    edges: list[Edge] = []
    lanes: list[Lane] = []
    x, head = MARGIN, LANE_HEAD if len(columns) > 1 else 0.0
    for name, title, parts in columns:
        y = MARGIN + (head if title else 0)
        wide = max(one.width for one in parts)
        for one in parts:
            some_nodes, some_edges = flat(one, x, y)
            nodes, edges = nodes + some_nodes, edges + some_edges
            y += one.height + GAP_X
        lanes.append(Lane(name, title, round(x), round(MARGIN), round(wide), round(y - GAP_X - MARGIN)))
        x += wide + LANE_GAP
    height = max(lane.y + lane.h for lane in lanes) + MARGIN
    return Picture(round(x - LANE_GAP + MARGIN), round(height), tuple(nodes), tuple(edges), tuple(lanes))


@dataclass(slots=True)
class _Painter:
    data: JSON
    catalogue: Catalogue
    around: Sequence[Around]
    drawn: int = 0  # tasks so far
    depth: int = 0

    def sequence(self, block: TaskBlock, parent: str, *, starts: Sequence[Part] = (), loop: str = "", out: str = "done") -> Part:
        """Return the tasks of a list in layers, with the pills where it begins and ends."""
        room = max(2, min(MOST_STEPS, MOST_TASKS - self.drawn))
        shown = block.steps if len(block.steps) <= room else block.steps[: room - 1]
        self.drawn += len(shown)
        course = Course(block, shown, tuple(part.name for part in starts), loop, out)
        found = ways(course)
        pieces = {part.name: part for part in starts} | {step.reference: self.task(step, parent) for step in shown}
        if len(shown) < len(block.steps):
            pieces[course.more] = more(course.more, block.steps[len(shown) :], parent)
        if any(way.target == "end" for way in found.edges):
            limit = time_limit(self.data, self.data)
            pieces["end"] = pill("end", "end", f"End, after at most {limit}" if limit else "End", "")
        for name, sign in found.signs.items():
            pieces[name] = pill(name, sign.kind, sign.title, parent, large=False)
        return layers(pieces, found.edges, roots=len(starts) or 1)

    def task(self, step: Step, parent: str) -> Part:
        """Return one task: a node, or a box around what it contains."""
        inner = inner_blocks(step)
        title = title_words(step)
        full = unless_same(phrase(step, self.data, self.catalogue), title)
        badges = badges_of(step, self.data, self.around)
        node = Node(
            id=step.reference,
            kind=step.kind or "unknown",
            parent=parent,
            full_title=title,
            full_subtitle=full,
            icon=icon_of(step),
            function=function_of(step),
        )
        if not inner:
            said = subtitle_words(step, self.data, self.catalogue, NODE_WIDTH - TEXT_LEFT - TEXT_RIGHT)
            return leaf(replace(node, subtitle=unless_same(said, title)), badges)
        whole = self._inside(step, inner)
        said = unless_same(brief(step, self.data, self.catalogue), title)
        return boxed(replace(node, subtitle=said), [(whole, (0, 0))], (whole.width, whole.height), badges)

    def _inside(self, step: Step, inner: Sequence[TaskBlock]) -> Part:
        """Return what stands inside a task; of what is too deep or too much only how much."""
        if self.depth >= MOST_DEPTH or self.drawn >= MOST_TASKS:
            return more(f"{step.reference}/more", [one for block in inner for one in block.steps], step.reference)
        self.depth += 1
        part = self._scope(step, inner)
        self.depth -= 1
        return part

    def _scope(self, step: Step, inner: Sequence[TaskBlock]) -> Part:
        match step.kind:
            case "fork":
                return self._branches(step, inner[0])
            case "try":
                return self._tried(step, inner)
            case "for":
                return self.sequence(inner[0], step.reference, loop=f"next {item_words(step)}")
            case "listen":
                return self.sequence(inner[0], step.reference, loop="next event")
            case "call":
                return self.sequence(inner[0], step.reference, loop="next message")
        return stacked([self.sequence(block, step.reference) for block in inner])

    def _branches(self, step: Step, block: TaskBlock) -> Part:
        """Return the branches of a fork side by side above the bar where they meet."""
        room = max(2, min(MOST_BRANCHES, MOST_TASKS - self.drawn))
        shown = block.steps if len(block.steps) <= room else block.steps[: room - 1]
        self.drawn += len(shown)
        pieces = [self.task(branch, step.reference) for branch in shown]
        if len(shown) < len(block.steps):
            pieces.append(more(f"{block.pointer}/more", block.steps[len(shown) :], step.reference))
        if not pieces:
            return Part(0, 0)
        placed, rows = rows_of([(piece.width, piece.height) for piece in pieces])
        part = assembled(pieces, placed, [])
        return joined(part, f"{block.pointer}/join", step, arrows=rows == 1)

    def _tried(self, step: Step, inner: Sequence[TaskBlock]) -> Part:
        """Return what is tried, again where there are retries, above what is done when it fails."""
        body = next((block for block in inner if not block.pointer.endswith("/catch/do")), None)
        rescue = next((block for block in inner if block.pointer.endswith("/catch/do") and block.steps), None)
        again, full = retry_words(step.task, self.data)
        if body is None or not body.steps:
            return self._rescue(step, rescue) if rescue else Part(0, 0)
        alone = len(body.steps) == 1
        self.drawn += alone
        around = not alone and (bool(again) or rescue is not None)
        part = self.task(body.steps[0], step.reference) if alone else self.sequence(body, body.pointer if around else step.reference)
        part = self._attempt(step, body, part, again) if around else part
        if not again and rescue is None:
            return part
        pieces = {part.name: part}
        edges = [Way(part.name, part.name, again, full, "retry")] if again else []
        if rescue is not None:
            pieces[rescue.pointer] = self._rescue(step, rescue)
            edges.append(Way(part.name, rescue.pointer, "", "", "fails"))
        return layers(pieces, edges)

    def _attempt(self, step: Step, body: TaskBlock, part: Part, again: str) -> Part:
        """Return the box of what is tried together."""
        title = "Each try" if again else "What is tried"
        node = Node(id=body.pointer, kind="attempt", parent=step.reference, full_title=title, icon="attempt" if again else "do")
        return boxed(node, [(part, (0, 0))], (part.width, part.height))

    def _rescue(self, step: Step, block: TaskBlock) -> Part:
        """Return the box of what is done after a failure."""
        reason = catch_words(step.task)
        title = "If it still fails" if failure_words(step.task).startswith("If it still") else "If it fails"
        node = Node(
            id=block.pointer,
            kind="catch",
            parent=step.reference,
            full_title=title,
            subtitle=plainly(reason),
            full_subtitle=reason,
            icon="catch",
        )
        part = self.sequence(block, block.pointer)
        return boxed(node, [(part, (0, 0))], (part.width, part.height))

    def starts(self) -> list[Part]:
        """Return the pills where the workflow begins: one for each trigger."""
        schedule = self.data.get("schedule") if isinstance(self.data, dict) else None
        words = schedule_words(schedule, str(parley_of_document(self.data).get("timezone") or "UTC"))
        icons = ["event" if said.startswith("When") else "clock" for said in words]
        found = list(zip(words or ["Start"], icons or ["play"], strict=True))
        return [pill(f"start/{number}" if number else "start", "start", said, "", icon=icon) for number, (said, icon) in enumerate(found)]

    def declared(self) -> list[tuple[str, str, list[Part]]]:
        """Return the lanes beside the tasks: own functions, and what extensions do around tasks."""
        self.around = ()  # they are not extended themselves
        functions: list[Part] = []
        around: list[Part] = []
        for block in declared_blocks(self.data):
            if block.owner is None and self.drawn < MOST_TASKS:
                functions += [self.task(step, "") for step in block.steps if block.pointer == "/use/functions"]
                around += [self._extension(block)] if block.pointer != "/use/functions" else []
                self.drawn += 1
        return [("/use/functions", "Own functions", functions), ("/use/extensions", "Around other tasks", around)]

    def _extension(self, block: TaskBlock) -> Part:
        extension, when = block.pointer.rsplit("/", 1)
        declared = get(self.data, extension)
        extended = declared.get("extend") if isinstance(declared, dict) else None
        name = spoken(extension.rsplit("/", 1)[1].replace("~1", "/").replace("~0", "~"))
        title = f"{when.capitalize()} every {'task' if extended in (None, 'all') else extended}"
        words = f"{name}{condition_of(declared)}"
        node = Node(id=block.pointer, kind="extension", full_title=title, subtitle=words, full_subtitle=words, icon="extension")
        part = self.sequence(block, block.pointer, out="instead of it" if when == "before" else "done")
        return boxed(node, [(part, (0, 0))], (part.width, part.height))
