"""Faults that simulated runs show, as problems with a place and a hint."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from dsl.problems import Problem
from graphs.run.errors import BASE, BUDGET
from graphs.run.ports import JSON, Row
from graphs.run.simulation.model import Plan, Simulation

if TYPE_CHECKING:
    from graphs.run.simulation.simulator import Simulator

_FAULTS: Final = {"expression": "expression-fails", "validation": "schema-mismatch", "configuration": "cannot-work"}
_SHOWN = 200


class Findings:
    """Collects what is wrong with a definition. Runs with forced decisions are not looked at: their data need not fit."""

    def __init__(self, simulator: Simulator) -> None:
        self._simulator = simulator
        self._found: dict[tuple[str, str], Problem] = {}
        for one in simulator.sketch.unknown():
            known = ", ".join(f"'{name}'" for name in one.known[:8])
            self._add("unknown-field", "warning", one.reference, f"nothing gives the field '{one.name}' that is read here",
                      f"there is {known}" if known else "")  # fmt: skip

    def look(self, simulation: Simulation, plan: Plan) -> None:
        if plan.forced:
            return
        for row in simulation.rows:
            if row.status == "faulted" and row.kind == "step" and row.error and self._is_origin(row, simulation):
                self._fault(row, simulation)
        error = simulation.outcome.error
        if error and error.get("type") == BUDGET:
            self._add("goes-on-for-ever", "warning", str(error.get("instance") or "/"), "with made-up values this comes to no end",
                      "let it end after a number of turns, or after some time")  # fmt: skip
        if error and str(error.get("instance")) in ("/", "") and str(error.get("type", "")).startswith(BASE):
            self._of_workflow(error, simulation)

    def problems(self) -> list[Problem]:
        return list(self._found.values())

    def _is_origin(self, row: Row, simulation: Simulation) -> bool:
        """Tell whether the error began at this row, a task's, and nobody meant it."""
        return row.error is not None and row.error.get("instance") == row.reference and row.path not in simulation.meant

    def _fault(self, row: Row, simulation: Simulation) -> None:
        error = row.error or {}
        kind = str(error.get("type") or "").rpartition("/")[2]
        if kind not in _FAULTS:
            return
        detail = str(error.get("detail") or error.get("title") or "")
        hint = f"with the input {_text(simulation.input)}"
        if self._simulator.sketch.dark:  # then made-up values may lack what is read of them
            self._add(_FAULTS[kind], "warning", row.reference, detail, f"{hint}; that value was made up, and may not be a likely one")
        else:
            self._add(_FAULTS[kind], "error", row.reference, detail, hint)

    def _of_workflow(self, error: JSON, simulation: Simulation) -> None:
        kind = str(error.get("type")).rpartition("/")[2]
        if kind in _FAULTS:
            self._add(_FAULTS[kind], "error", "/", str(error.get("detail") or ""), f"with the input {_text(simulation.input)}")

    def _add(self, code: str, severity: str, reference: str, message: str, hint: str) -> None:
        problem = Problem(code=code, severity=severity, reference=reference, message=message, hint=hint)  # type: ignore[arg-type]
        self._found.setdefault((code, reference), problem)


def _text(value: JSON) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
