"""A run as a person reads it in a terminal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from app.cli import waits


def row(view: Mapping[str, Any]) -> str:
    """Return the run's line in a list."""
    when = waits.moment(view["created_at"]).rpartition(" ")[0]
    return f"{view['id']}  {view['status']:9}  {when}  {view['title'] or view['name']}{_reason(view)}"


def in_words(view: Mapping[str, Any]) -> str:
    """Return the run with its steps, what it waits for, its output or error."""
    lines = [f"{view['title'] or view['name']} {view['version']}: {view['status']}{_reason(view)}", f"  run {view['id']}", _times(view)]
    if origin := view.get("rerun_of"):
        lines.append(f"  made from run {origin['run']}" + (f", from {origin['task']} on" if origin["task"] else ""))
    if view["steps"]:
        width = max(len(_name(reference, step)) for reference, step in view["steps"].items())
        lines += ["", *(_step(reference, step, width) for reference, step in view["steps"].items())]
    if view["awaiting"]:
        lines.append("")
    for item in view["awaiting"]:
        lines += waits.lines(item, view["id"], view["awaiting"])
    if view.get("compensated"):
        lines += ["", "undone:", *map(_undone, view["compensated"])]
    if view.get("output_bytes"):
        lines += ["", "output:", _beginning(view["id"], view["output"])]
    elif view["status"] == "completed":
        lines += ["", "output:", json.dumps(view["output"], indent=2, ensure_ascii=False)]
    if view["error"]:
        lines += ["", *(_labelled(view["error"]))]
    if view["status"] == "suspended":
        lines += ["", f"parley resume {view['id']} lets it go on"]
    if "retry" in view["actions"]:
        lines += [f"       parley retry {view['id']}"]
    return "\n".join(lines)


def _beginning(run: str, shown: Mapping[str, Any]) -> str:
    return f"{shown['excerpt']} …\n({shown['bytes'] / 1000:,.0f} KB; all of it: parley show {run} --value output)"


def _undone(one: Mapping[str, Any]) -> str:
    return f"  {one['title']}  {one['path']}" + (f"  FAILED: {one['detail']}" if one["status"] == "faulted" else "")


def _reason(view: Mapping[str, Any]) -> str:
    reason = str(view.get("reason") or "").removeprefix("waiting ")
    return f" ({reason})" if reason else ""


def _times(view: Mapping[str, Any]) -> str:
    ended = f", ended {waits.moment(view['ended_at'])}" if view["ended_at"] else ""
    return (
        f"  started {waits.moment(view['started_at'] or view['created_at'])} by {view['started_by']}{ended}, {seconds(view['elapsed_s'])}"
    )


def _labelled(error: Mapping[str, Any]) -> list[str]:
    labels = [(label, error[label]) for label in ("where", "why", "next") if error.get(label)]
    return [str(error["what"]), *(f"{label + ':':6} {words}" for label, words in labels)]


def _step(reference: str, step: Mapping[str, Any], width: int) -> str:
    count = f"{step['done']} times  " if step["done"] > 1 else ""
    detail = f"  {step['detail']}" if step.get("detail") else ""
    return f"  {step['status']:9} {_took(step):>8}  {_name(reference, step):{width}}  {count}{reference}{detail}".rstrip()


def _name(reference: str, step: Mapping[str, Any]) -> str:
    """Return the task's title, indented by how deep it lies."""
    return "  " * (sum(part == "do" or part in ("try", "branches") for part in reference.split("/")) - 1) + str(step["title"])


def _took(step: Mapping[str, Any]) -> str:
    if not step.get("started_at") or not step.get("ended_at"):
        return ""
    return seconds((datetime.fromisoformat(step["ended_at"]) - datetime.fromisoformat(step["started_at"])).total_seconds())


def seconds(value: float) -> str:
    """Return a duration for a person: `0.21 s`, `12 s`, `4 min 5 s`, `3 h 20 min`."""
    if value < 10:
        return f"{value:.2f} s"
    whole = round(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
