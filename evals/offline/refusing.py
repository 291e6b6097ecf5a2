"""Whether a call can happen although a person said no."""

from __future__ import annotations

from typing import Any

from evals.offline.data import EXPRESSION, NOTHING, value_of

Ways = set[tuple[str, bool]]  # ("next" | "end" | a task, whether a no was said)


def reached(data: Any, kind: str) -> bool:
    """Say whether a task of *kind* ("http-post") that stands behind an approval is reached when each approval is refused."""
    walk = Walk(kind.removeprefix("http-"))
    walk.walk(data.get("do") or [], said_no=False)
    return walk.found


class Walk:
    """A walk over all ways that a refused run can take."""

    def __init__(self, method: str) -> None:
        self.method, self.found, self.rounds = method, False, 0

    def walk(self, tasks: list[dict[str, Any]], *, said_no: bool) -> Ways:
        """Walk a task list; return the ways it is left: ("next" | "end", whether a no was said)."""
        places = {name: at for at, entry in enumerate(tasks) for name in entry}
        ways: Ways = set()
        todo, seen = [(0, said_no)], set[tuple[int, bool]]()
        while todo:
            at, refused = todo.pop()
            if at >= len(tasks):
                ways.add(("next", refused))
                continue
            if (at, refused) in seen:
                continue
            seen.add((at, refused))
            ((_, task),) = tasks[at].items()
            for then, no in self._task(task, refused):
                if then in ("continue", "next"):
                    todo.append((at + 1, no))
                elif then in places:
                    todo.append((places[then], no))
                else:
                    ways.add(("next" if then == "exit" else "end", no))
        return ways

    def _task(self, task: dict[str, Any], refused: bool) -> Ways:
        """Return (where it goes, whether a no was said) of one task."""
        if "if" in task and refused and not _true(task["if"]):
            return {(str(task.get("then", "continue")), True)}
        if task.get("call") == "http" and refused and str(task["with"]["method"]).lower() == self.method:
            self.found = True
        refused = refused or str(task.get("call", "")).startswith("approve")
        if "switch" in task:
            return self._switch(task["switch"], refused)
        inner: Ways = {("next", refused)}
        for key in ("do", "try"):
            if isinstance(task.get(key), list):
                inner = self.walk(task[key], said_no=refused)
        for branch in (task.get("fork") or {}).get("branches", []):
            inner |= self.walk([branch], said_no=refused)
        return {(str(task.get("then", "continue")) if way == "next" else way, bool(no)) for way, no in inner}

    def _switch(self, cases: list[dict[str, Any]], refused: bool) -> Ways:
        ways = Ways()
        for entry in cases:
            ((_, case),) = entry.items()
            decides = "approved" in str(case.get("when", "")) or "approval" in str(case.get("when", ""))
            if refused and decides and not _true(case["when"]):
                continue
            ways.add((str(case.get("then", "continue")), refused))
            if "when" not in case or (refused and decides):
                return ways
        return ways | {("continue", refused)}


def _true(when: Any) -> bool:
    """Evaluate a condition on a decision that was no; what is about something else may be true."""
    found = EXPRESSION.fullmatch(str(when).strip())
    text = found[1] if found else str(when)
    if "approved" not in text and "approval" not in text:
        return True
    for given in ({"approved": False}, {"approval": {"approved": False}}):
        result = value_of(text, given)
        if result is not NOTHING and result is not None:
            return bool(result)
    return True
