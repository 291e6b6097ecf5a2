"""`--follow`: how steps are told."""

from __future__ import annotations

from typing import Any

from app.cli.follow import TOLD, Follow
from graphs.run.ports import Row

LOOP: dict[str, Any] = {"do": [{"visit": {"set": {"a": 1}, "metadata": {"parley": {"title": "Visit them"}}}}]}


def row(number: int, status: Any = "finished", **values: Any) -> Row:
    return Row(path=f"/do/0/visit#{number}", attempt=1, kind="step", reference="/do/0/visit", status=status, **values)


def test_a_step_is_told_with_its_title_and_time() -> None:
    said: list[str] = []

    Follow(said.append, LOOP, clock=iter([0.0, 1.5, 1.5]).__next__).step(row(1))

    assert said == ["    1.5 s  done      Visit them  (/do/0/visit#1)"]


def test_a_long_loop_is_told_in_sums() -> None:
    said: list[str] = []
    now = [0.0]
    follow = Follow(said.append, LOOP, clock=lambda: now[0])

    for number in range(300):
        now[0] += 0.01
        follow.step(row(number, "started"))
        follow.step(row(number))

    assert len(said) <= 2 * TOLD + 2
    assert "done)" in said[-1]


def test_a_fault_is_always_told() -> None:
    said: list[str] = []
    follow = Follow(said.append, LOOP, clock=lambda: 0.0)
    for number in range(50):
        follow.step(row(number))

    follow.step(row(50, "faulted", error={"detail": "no answer"}))

    assert said[-1].endswith("faulted   Visit them  (/do/0/visit#50): no answer")
