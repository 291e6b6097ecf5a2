"""A made-up answer as the output of its call, and in words how it was made."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping

from graphs.run.ports import JSON
from graphs.run.simulation.noting import Sketch
from graphs.run.step import Step


def how_made(sketch: Sketch, step: Step) -> str:
    source = sketch.roots.get(f"answer:{step.reference}")
    if source is not None and source.schema:
        return "the answer is a sample of its schema"
    if source is not None and (source.fields or source.item is not None or source.atoms or source.kinds):
        return "the answer is a sample of what is read of it"
    return "the answer is empty: nothing reads it"


def shaped(step: Step, sample: JSON, payload: JSON) -> JSON:
    """Return the output of a call that was answered with *sample*, as its `with.output` (or `run.return`) asks for it."""
    task = step.task.definition
    if "run" in task:
        return _returned(task["run"].get("return") or "stdout", sample)
    form = (task.get("with") or {}).get("output")
    if task.get("call") not in ("http", "openapi") or form not in ("raw", "response"):
        return sample
    if form == "raw":
        return base64.b64encode(json.dumps(sample).encode()).decode()
    given: Mapping[str, JSON] = payload if isinstance(payload, dict) else {}
    request: dict[str, JSON] = {"method": str(given.get("method", "get")).lower(), "uri": given.get("endpoint"), "headers": {}}
    return {"request": request, "statusCode": 200, "headers": {"content-type": "application/json"}, "content": sample}


def _returned(returns: str, sample: JSON) -> JSON:
    if returns == "none":
        return None
    if returns == "code":
        return sample if isinstance(sample, int) else 0
    if returns == "all":
        known = sample if isinstance(sample, dict) else {}
        return {"stdout": "", "stderr": "", **known, "code": known.get("code", 0)}
    return "" if sample == {} else sample
