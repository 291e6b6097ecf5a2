"""Where data is while a workflow is built: what `.` holds, what was exported to `$context`, which variable a loop has."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

Task = dict[str, Any]
NO_LIST = "the answer holds no list under orders, items, data or results"
AS_LIST = f'if type == "array" then . else first((.orders?, .items?, .data?, .results?) | arrays) // error("{NO_LIST}") end'


@dataclass(slots=True, eq=False)
class Value:
    """Something the person can refer to: "the orders", "them", "the summary"."""

    noun: str  # "orders"
    many: bool  # reads as a list
    raw: bool = False  # an answer whose shape is not known: a list, or an object that holds it
    variable: str = ""  # "$order", "$workflow.input": readable anywhere without an export
    producer: Task | None = None  # the task whose output it is
    key: str = ""  # name in $context
    joined: bool = False  # the answers of parallel branches, side by side: no list
    parts: tuple[Value, ...] = ()  # several answers, side by side in one object
    inner: str = ""  # field of the output that holds it, ".summary"
    words: frozenset[str] = frozenset()  # what else it was called: "open", "delivery"
    label: str = ""  # in titles; "" is "the NOUN"
    guessed: bool = False  # the noun is the address's, nobody said it
    tests: tuple[tuple[str, str, float, str], ...] = ()  # (field, operator, number, words) that its items have passed

    @property
    def named(self) -> str:
        """The words for it in a title: "the orders"; "the data" for what a workflow is started with."""
        return self.label or f"the {'data' if self.noun == 'input' else self.noun}"

    def read(self, scope: Scope) -> str:
        """Return jq for the value, exporting it to the context when it is not at hand."""
        if self.parts:
            return "{" + ", ".join(f"{part.key}: {part.read(scope)}" for part in self.parts) + "}"
        if self.variable:
            return self.variable + self.inner
        if scope.dot is not None and (scope.dot is self or (self.producer is not None and scope.dot.producer is self.producer)):
            return self.inner or "."
        if self.producer is not None and "export" not in self.producer:
            self.producer["export"] = {"as": f"${{ $context + {{{self.key}: .}} }}"}
        return f"$context.{self.key}{self.inner}"


@dataclass(slots=True)
class Scope:
    """One task list under construction."""

    names: set[str]  # shared by all scopes of a workflow
    tasks: list[Task] = field(default_factory=list)
    steps: list[dict[str, str]] = field(default_factory=list)  # the outline, shared order
    current: Value | None = None  # "it", "them"
    dot: Value | None = None  # what `.` holds; None: something nobody refers to
    known: list[Value] = field(default_factory=list)
    top: bool = True
    decided: Value | None = None  # the last approval

    def nested(self, dot: Value | None) -> Scope:
        """Open a list inside a task of this one."""
        return Scope(self.names, steps=self.steps, current=self.current, dot=dot, known=self.known, top=False, decided=self.decided)

    def name(self, wanted: str) -> str:
        """Return a task name that is free."""
        base = re.sub(r"[^a-z0-9]+", "-", wanted.lower()).strip("-")[:40].strip("-") or "step"
        name, count = base, 1
        while name in self.names:
            count += 1
            name = f"{base}-{count}"
        self.names.add(name)
        return name

    def add(self, name: str, title: str, body: Task, *, uses: str, serves: str) -> Task:
        """Append a task and its line of the outline; returns the task's body."""
        task: Task = {**body, "metadata": {"parley": {"title": title}}}
        self.tasks.append({name: task})
        self.steps.append({"id": name, "text": title, "uses": uses, "serves": serves})
        return task


def single(noun: str) -> str:
    """ "orders" → "order", "entries" → "entry"."""
    if noun.endswith("ies"):
        return noun[:-3] + "y"
    return noun[:-1] if noun.endswith("s") and not noun.endswith("ss") and len(noun) > 3 else noun or "item"


def key(noun: str) -> str:
    """A name that jq can read after a dot."""
    text = re.sub(r"\W+", "_", noun.lower()).strip("_")
    return text if re.match(r"[a-z_]", text) else f"data_{text}".rstrip("_")
