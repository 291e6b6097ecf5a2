"""A run as text."""

from __future__ import annotations

from typing import Any

import pytest

from app.cli import runview


def step(title: str, status: str, *, took_s: int | None = None, done: int = 1, detail: str = "") -> dict[str, Any]:
    times = (None, None) if took_s is None else ("2026-01-01T09:00:00+00:00", f"2026-01-01T09:00:{took_s:02}+00:00")
    return {"title": title, "status": status, "done": done, "detail": detail, "started_at": times[0], "ended_at": times[1]}


def view(**values: Any) -> dict[str, Any]:
    steps = {
        "/do/0/all": step("Visit all", "done", took_s=12),
        "/do/0/all/do/0/one": step("Visit one", "done", took_s=11, done=40),
        "/do/1/rest": step("Rest", "skipped", done=0, detail="not taken"),
    }
    times = {"created_at": "2026-01-01T09:00:00+00:00", "started_at": None, "ended_at": None, "elapsed_s": 12.4}
    base = {"id": "r1", "name": "visits", "title": "Visits", "version": "1.0.0", "status": "completed", "reason": "", "started_by": "ada"}
    return {**base, **times, "steps": steps, "awaiting": [], "output": {"a": None}, "error": None, "actions": [], **values}


def test_steps_have_titles_times_and_counts_and_the_output_is_json() -> None:
    lines = runview.in_words(view()).splitlines()

    assert lines[0] == "Visits 1.0.0: completed"
    assert lines[4:7] == [
        "  done          12 s  Visit all    /do/0/all",
        "  done          11 s    Visit one  40 times  /do/0/all/do/0/one",
        "  skipped             Rest         /do/1/rest  not taken",
    ]
    assert lines[-4:] == ["output:", "{", '  "a": null', "}"]


def test_a_fault_says_what_where_why_next_and_how_to_retry() -> None:
    error = {"what": "“Rest” failed: Timeout", "where": "/do/1/rest", "why": "too slow", "next": "allow more"}

    assert runview.in_words(view(status="faulted", error=error, actions=["retry"])).splitlines()[-5:] == [
        "“Rest” failed: Timeout",
        "where: /do/1/rest",
        "why:   too slow",
        "next:  allow more",
        "       parley retry r1",
    ]


@pytest.mark.parametrize(("value", "words"), [(0.214, "0.21 s"), (12.4, "12 s"), (245, "4 min 5 s"), (12000, "3 h 20 min")])
def test_a_duration_is_told_for_people(value: float, words: str) -> None:
    assert runview.seconds(value) == words
