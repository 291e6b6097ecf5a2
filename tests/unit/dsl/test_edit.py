"""Edits change what they name and leave every other byte as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import EditRefused, apply, read
from dsl.pointer import get, join, parent
from dsl.walk import steps
from tests.unit.dsl.definitions import DATA

TEXT = """# the head stays
document: {dsl: 1.0.3, namespace: test, name: edit, version: 1.0.0}
do:
  # before pause
  - pause:
      wait: PT1S   # a second
      then: ship

  # before ship
  - ship:
      call: http
      with:
        method: post
        endpoint: https://example.com/ship   # where
      # after endpoint
  - tell: {set: {told: true}}
"""


def _data(text: str) -> Any:
    source = read(text)
    assert source.problems == ()
    return source.data


class TestSetField:
    def test_changes_one_value_and_keeps_the_comments(self) -> None:
        applied = apply(TEXT, [{"op": "set-field", "reference": "/do/0/pause", "field": "wait", "value": "PT5M"}])

        assert applied.text == TEXT.replace("wait: PT1S ", "wait: PT5M ")
        assert applied.footprint == ("/do/0/pause",)
        assert applied.untouched == ("/do/1/ship", "/do/2/tell")

    def test_reaches_deeper_parts_by_pointer(self) -> None:
        applied = apply(TEXT, [{"op": "set-field", "reference": "/do/1/ship", "field": "/with/endpoint", "value": "${ .url }"}])

        assert _data(applied.text)["do"][1]["ship"]["with"]["endpoint"] == "${ .url }"
        assert applied.text.count("#") == TEXT.count("#")

    @pytest.mark.parametrize(
        "value", [{"retry": {"a": [1, 2]}}, [], {}, "two\nlines", "on", "12:30", "007", None, True, 1.5, "", " x", "# no comment", "a: b"]
    )
    def test_adds_a_new_field_of_any_shape(self, value: Any) -> None:
        applied = apply(TEXT, [{"op": "set-field", "reference": "/do/1/ship", "field": "metadata", "value": value}])

        assert _data(applied.text)["do"][1]["ship"]["metadata"] == value
        assert _data(applied.text)["do"][0] == _data(TEXT)["do"][0]

    def test_works_in_a_one_line_mapping(self) -> None:
        applied = apply(TEXT, [{"op": "set-field", "reference": "/do/2/tell", "field": "if", "value": ".a > 1"}])

        assert applied.text == TEXT.replace("{set: {told: true}}", '{set: {told: true}, if: ".a > 1"}')


class TestReplaceAddRemove:
    def test_replace_gives_the_task_a_new_body(self) -> None:
        applied = apply(TEXT, [{"op": "replace", "reference": "/do/0/pause", "value": {"set": {"a": {"b": 1}}}}])

        assert _data(applied.text)["do"][0] == {"pause": {"set": {"a": {"b": 1}}}}
        assert applied.text.endswith(TEXT[TEXT.index("\n\n  # before ship") :])

    @pytest.mark.parametrize(("reference", "position", "names"), [
        ("/do/0/pause", "after", ["pause", "new", "ship", "tell"]),
        ("/do/0/pause", "before", ["new", "pause", "ship", "tell"]),
        ("/do/2/tell", "after", ["pause", "ship", "tell", "new"]),
        ("/do", "first", ["new", "pause", "ship", "tell"]),
        ("/do", "last", ["pause", "ship", "tell", "new"]),
    ])  # fmt: skip
    def test_add_puts_a_task_where_it_was_asked(self, reference: str, position: str, names: list[str]) -> None:
        applied = apply(TEXT, [{"op": "add", "reference": reference, "position": position, "name": "new", "value": {"wait": "PT1S"}}])

        data = _data(applied.text)
        assert [next(iter(item)) for item in data["do"]] == names
        assert data["do"][names.index("new")] == {"new": {"wait": "PT1S"}}
        assert all(line in applied.text.splitlines() for line in TEXT.splitlines())
        assert applied.footprint == (f"/do/{names.index('new')}/new",)

    def test_remove_takes_the_tasks_own_lines_only(self) -> None:
        applied = apply(TEXT, [{"op": "remove", "reference": "/do/2/tell"}])

        assert applied.text == TEXT.replace("  - tell: {set: {told: true}}\n", "")

    def test_remove_takes_a_field(self) -> None:
        applied = apply(TEXT, [{"op": "remove", "reference": "/do/0/pause/then"}])

        assert applied.text == TEXT.replace("      then: ship\n", "")

    def test_operations_follow_each_other(self) -> None:
        applied = apply(TEXT, [{"op": "remove", "reference": "/do/0/pause/then"}, {"op": "remove", "reference": "/do/1/ship"}])

        assert [next(iter(item)) for item in _data(applied.text)["do"]] == ["pause", "tell"]


LOCKED = TEXT.replace("      call: http\n", "      metadata: {parley: {locked: true}}\n      call: http\n")
REFUSED = {
    "a locked task": (LOCKED, {"op": "set-field", "reference": "/do/1/ship", "field": "if", "value": ".a"}, "locked"),
    "a list that holds a locked task": (LOCKED, {"op": "replace", "reference": "/do", "value": []}, "locked"),
    "a part of a locked task": (LOCKED, {"op": "remove", "reference": "/do/1/ship/with"}, "locked"),
    "nothing there": (TEXT, {"op": "remove", "reference": "/do/7/ghost"}, "nothing at /do/7/ghost"),
    "a name that is taken": (
        TEXT,
        {"op": "add", "reference": "/do", "position": "last", "name": "ship", "value": {"wait": "PT1S"}},
        "already",
    ),
    "an unknown operation": (TEXT, {"op": "explode", "reference": "/do"}, "not known"),
    "no reference": (TEXT, {"op": "remove"}, "reference"),
    "a text that cannot be read": ("a: [", {"op": "remove", "reference": "/a"}, "cannot be read"),
    "the last task of a list": (
        TEXT[: TEXT.index("\n  # before ship")].replace("      then: ship\n", ""),
        {"op": "remove", "reference": "/do/0/pause"},
        "only",
    ),
}


@pytest.mark.parametrize(("text", "operation", "words"), REFUSED.values(), ids=REFUSED.keys())
def test_what_cannot_be_done_is_refused_in_words(text: str, operation: dict[str, Any], words: str) -> None:
    with pytest.raises(EditRefused, match=words):
        apply(text, [operation])


TEXTS = [TEXT, *(path.read_text() for path in sorted((DATA / "valid").glob("*.yaml")))]
VALUES = st.sampled_from(["PT9S", "x: y", "# c", {"a": 1, "b": [1, {"c": None}]}, [1, "two"], 7, None, False, "multi\nline\n", "${ .a }"])


@settings(max_examples=150, deadline=None)
@given(text=st.sampled_from(TEXTS), pick=st.integers(0, 10_000), value=VALUES, kind=st.sampled_from(["set", "new", "replace"]))
def test_everything_outside_the_footprint_stays_byte_identical(text: str, pick: int, value: Any, kind: str) -> None:
    """The lines outside the changed task are the same before and after it, and all other data is equal."""
    tasks = list(steps(read(text).data))
    step = tasks[pick % len(tasks)]
    fields = [key for key in step.task if key not in ("metadata",)]
    match kind:
        case "set":
            operation = {"op": "set-field", "reference": step.reference, "field": fields[pick % len(fields)], "value": value}
        case "new":
            operation = {"op": "set-field", "reference": step.reference, "field": "added", "value": value}
        case _:
            operation = {"op": "replace", "reference": step.reference, "value": {"set": {"v": value}}}
    try:
        applied = apply(text, [operation])
    except EditRefused:
        assume(False)
    before, after = read(text), read(applied.text)
    item = parent(step.reference)
    span, key = before.spans[item], before.keys.get(step.reference)

    assert key is not None
    head = text[: text.rfind("\n", 0, span.start) + 1]
    assert applied.text.startswith(head)
    tail = text[text.find("\n", span.end) :] if text.find("\n", span.end) >= 0 else ""
    assert applied.text.endswith(tail)
    pointer = join(step.reference, operation["field"]) if "field" in operation else step.reference
    assert get(after.data, pointer) == operation["value"]
    for other in steps(before.data):
        if not (step.reference.startswith(other.reference) or other.reference.startswith(step.reference)):
            assert get(after.data, other.reference) == other.task
