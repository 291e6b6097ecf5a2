"""The sixth layer: reads of fields that are certainly not there.

Followed are values whose fields are known: what `set`, `output.as` and `export.as` make, inputs and outputs with a closed schema, results
of catalogue functions, errors, what the standard says of `$workflow` and `$runtime`. Where several ways lead to a task, a field is missing
only when no way brings it. Whatever is not certain is not known, and nothing is said of it; so with extensions, which may change any data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from dsl.catalogue import Catalogue
from dsl.checks.following import MOMENT, NOTHING, At, Flow, State, any_of, schema_of
from dsl.checks.found import warning
from dsl.checks.reading import Missing
from dsl.nearest import nearest, quoted
from dsl.problems import Problem
from dsl.shapes import TEXT, Object, Scalar
from dsl.sites import Site
from dsl.walk import declared_blocks, top_block

JSON = Any

_ALSO: Final = {  # names of other worlds
    "message": "detail", "msg": "detail", "reason": "detail", "name": "type", "code": "status", "statusCode": "status", "instanceId": "id",
    "runId": "id", "startTime": "startedAt",
}  # fmt: skip
_ELSEWHERE: Final = "add it there, or read it where it is known ($context, $workflow.input)"
_HINTS: Final = {"the workflow's input": "add it to `input.schema`, or read what is there"} | dict.fromkeys(
    ("the workflow", "the runtime", "an error", "a moment"), "read one of these"
)


def dataflow(data: dict[str, JSON], catalogue: Catalogue) -> Iterator[Problem]:
    """Yield a warning for each field that is read and never there; only the first read of the same field of the same value."""
    evaluate, use = data.get("evaluate"), data.get("use")
    if isinstance(evaluate, dict) and (evaluate.get("language", "jq") != "jq" or evaluate.get("mode", "strict") != "strict"):
        return
    use = use if isinstance(use, dict) else {}
    if use.get("extensions"):
        return
    functions = use.get("functions")
    given = schema_of(data.get("input"), "the workflow's input")
    workflow = Object({"id": TEXT, "definition": None, "input": given, "startedAt": MOMENT}, origin="the workflow")
    found: dict[tuple[str, str, str], Problem] = {}

    def told(site: Site, missing: Missing) -> None:
        of = missing.of.origin if isinstance(missing.of, Object) else missing.of.word
        found.setdefault((of, missing.base, missing.name), _problem(site, missing))

    flow = Flow(catalogue, workflow, functions if isinstance(functions, dict) else {}, told)
    flow_in = data.get("input")
    entered = given
    if isinstance(flow_in, dict) and "from" in flow_in:
        entered = flow.formula(flow_in["from"], At("/input/from", given, NOTHING, {}, "`input.from`"))
    top = top_block(data)
    if top is not None and top.steps:
        last = flow.block(top, State(entered), {})
        behind = any_of([last, *flow.ends])
        output = data.get("output")
        if isinstance(output, dict) and "as" in output:
            flow.formula(output["as"], At("/output/as", behind.data, behind, {}, "the output"))
    for block in declared_blocks(data):
        if block.owner is None:
            flow.block(block, NOTHING, {})
    yield from found.values()


def _problem(site: Site, missing: Missing) -> Problem:
    of = missing.of
    if isinstance(of, Scalar):
        message = f"'{missing.path}' reads a field of '{missing.base}', which is {of.word}"
        return warning("unknown-field", site.pointer, message, f"read '{missing.base}' itself")
    origin = of.origin or "what is known there"
    has = f"has only {quoted(of.fields)}" if of.fields else "has no fields"
    has = has.replace("has ", "have ", 1) if " or " in origin else has
    message = f"'{missing.path}' reads '{missing.name}', which is never there: {origin} {has}"
    also = _ALSO.get(missing.name)
    near = also if also in of.fields and origin in _HINTS else nearest(missing.name, of.fields)
    right = f"{'' if missing.base == '.' else missing.base}.{near}"
    hint = f"did you mean '{right}'?" if near else _HINTS.get(origin, _ELSEWHERE)
    return warning("unknown-field", site.pointer, message, hint)
