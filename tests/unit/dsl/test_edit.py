"""Edits change what they name and leave every other byte as it is."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dsl import EditRefused, apply, read, render
from dsl.pointer import get, join, parent
from dsl.walk import steps
from tests.cases import cases
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

    def test_makes_the_mappings_on_the_way(self) -> None:
        operation = {"op": "set-field", "reference": "/do/2/tell", "field": "/metadata/parley/title", "value": "Tell"}

        assert apply(TEXT, [operation]).text == TEXT.replace("true}}", "true}, metadata: {parley: {title: Tell}}}")

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
    "a removal that leaves a way into a switch": (
        "do: [{a: {wait: PT1S, then: s}}, {s: {switch: [{x: {then: end}}]}}]",
        {"op": "remove", "reference": "/do/1/s"},
        "'a' goes on with 's', and where from there is not plain",
    ),
    "a removal that leads a task to itself": (
        "do: [{a: {wait: PT1S, then: b}}, {b: {wait: PT1S, then: a}}]",
        {"op": "remove", "reference": "/do/1/b"},
        "leads back to it",
    ),
    "a rename that a locked task would have to follow": (
        LOCKED.replace("call: http", "call: http\n      then: pause"),
        {"op": "rename", "reference": "/do/0/pause", "name": "rest"},
        "'ship' is locked, and it leads to 'pause'",
    ),
    "a rename to a word of the language": (TEXT, {"op": "rename", "reference": "/do/0/pause", "name": "end"}, "word of the language"),
    "a move into itself": (
        "do: [{a: {do: [{b: {wait: PT1S}}]}}, {c: {}}]",
        {"op": "move", "reference": "/do/0/a", "to": "/do/0/a/do/0/b"},
        "into itself",
    ),
    "a move away from where it leads": (
        "do: [{a: {wait: PT1S, then: c}}, {b: {do: [{x: {wait: PT1S}}]}}, {c: {}}]",
        {"op": "move", "reference": "/do/0/a", "to": "/do/1/b/do/0/x"},
        "goes on with 'c', which the list it moves to does not have",
    ),
    "a replaced item whose name others need": (
        TEXT,
        {"op": "replace", "reference": "/do/1", "value": {"send": {}}},
        "'pause' goes on with 'ship'",
    ),
    "what another alias repeats": (
        "do:\n  - a: &t {wait: PT1S}\n  - b: *t\n",
        {"op": "set-field", "reference": "/do/0/a", "field": "wait", "value": "PT2S"},
        "write the aliases out first",
    ),
    "a function that is called": (
        "use: {functions: {f: {wait: PT1S}}}\ndo: [{a: {call: f}}]",
        {"op": "remove", "reference": "/use/functions/f"},
        "'a' calls the function 'f'",
    ),
    "several documents": ("a: 1\n---\nb: 1\n", {"op": "set-field", "reference": "", "field": "a", "value": 2}, "more than one document"),
    "a value that is no JSON": (TEXT, {"op": "set-field", "reference": "/do/0/pause", "field": "x", "value": float("nan")}, "cannot stand"),
    "a field that is not there": (TEXT, {"op": "set-field", "reference": "/do/0/pause", "field": "input"}, "nothing at /do/0/pause/input"),
    "a place that is no mapping": (
        TEXT,
        {"op": "set-field", "reference": "/do/0/pause", "field": "/wait/x", "value": 1},
        "could be a field of",
    ),
    "a number where no list is": (
        TEXT,
        {"op": "set-field", "reference": "/do/0/pause", "field": "/x/0", "value": 1},
        "could be a field of",
    ),
    "a task that is not there": (TEXT, {"op": "set-field", "reference": "/do/9/x", "field": "then", "value": "end"}, "could be a field of"),
    "no operation at all": (TEXT, "remove", "needs a `reference`"),
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


WORKED = """do:
  # about a
  - a:
      wait: PT1S
      then: b
      # the end of a

  # about b
  - b:
      wait: PT2S
  - c: {do: [{x: {wait: PT3S}}, {y: {wait: PT4S}}]}
"""
A_B = "do:\n- a:\n    wait: PT1S\n- b:\n    run: |\n      last"
# (text, operation, the text it gives)
STYLES: dict[str, tuple[str, dict[str, Any], str]] = {
    "a move takes its comments along": (
        WORKED,
        {"op": "move", "reference": "/do/0/a", "to": "/do/1/b"},
        "do:\n\n  # about b\n  - b:\n      wait: PT2S\n  # about a\n  - a:\n      wait: PT1S\n      then: b\n      # the end of a\n"
        + WORKED[WORKED.index("  - c") :],
    ),
    "a move into brackets": (
        WORKED,
        {"op": "move", "reference": "/do/1/b", "to": "/do/2/c/do/0/x", "position": "before"},
        WORKED.replace("  # about b\n  - b:\n      wait: PT2S\n", "")
        .replace("then: b", "then: c")
        .replace("[{x:", "[{b: {wait: PT2S}}, {x:"),
    ),
    "a move out of brackets": (
        WORKED,
        {"op": "move", "reference": "/do/2/c/do/1/y", "to": "/do", "position": "first"},
        WORKED.replace(", {y: {wait: PT4S}}", "").replace("do:\n", "do:\n  - y:\n      wait: PT4S\n", 1),
    ),
    "a move within brackets": (
        WORKED,
        {"op": "move", "reference": "/do/2/c/do/1/y", "to": "/do/2/c/do", "position": "first"},
        WORKED.replace("[{x: {wait: PT3S}}, {y: {wait: PT4S}}]", "[{y: {wait: PT4S}}, {x: {wait: PT3S}}]"),
    ),
    "a removal takes its comments along, and who led there follows": (
        WORKED,
        {"op": "remove", "reference": "/do/1/b"},
        WORKED.replace("  # about b\n  - b:\n      wait: PT2S\n", "").replace("then: b", "then: c"),
    ),
    "a removal in brackets": (WORKED, {"op": "remove", "reference": "/do/2/c/do/0/x"}, WORKED.replace("{x: {wait: PT3S}}, ", "")),
    "a rename keeps quotes, and takes them where the name needs them": (
        'do:\n  - "a": {wait: PT1S, then: a}\n',
        {"op": "rename", "reference": "/do/0/a", "name": "a: ~/b"},
        'do:\n  - "a: ~/b": {wait: PT1S, then: "a: ~/b"}\n',
    ),
    "a key with a question mark": (
        "do:\n  - ? a\n    # c\n    : wait: PT1S\n",
        {"op": "rename", "reference": "/do/0/a", "name": "b"},
        "do:\n  - ? b\n    # c\n    : wait: PT1S\n",
    ),
    "dashes at the parent's indentation": (
        "do:\n- a:\n    wait: PT1S\nuse: {}\n",
        {"op": "add", "reference": "/do/0/a", "name": "b", "value": {"wait": "PT2S"}},
        "do:\n- a:\n    wait: PT1S\n- b:\n    wait: PT2S\nuse: {}\n",
    ),
    "CRLF": (
        "do:\r\n  - a:\r\n      wait: PT1S # c\r\n",
        {"op": "set-field", "reference": "/do/0/a", "field": "set", "value": "x\ny\n"},
        "do:\r\n  - a:\r\n      wait: PT1S # c\r\n      set: |\r\n        x\r\n        y\r\n",
    ),
    "no last line break": (
        A_B,
        {"op": "move", "reference": "/do/1/b", "to": "/do", "position": "first"},
        "do:\n- b:\n    run: |-\n      last\n- a:\n    wait: PT1S\n",
    ),
    "a block of text that ends the text stays what it is": (
        A_B,
        {"op": "add", "reference": "/do/1/b", "name": "c", "value": {"wait": "PT3S"}},
        A_B.replace("|", "|-") + "\n- c:\n    wait: PT3S\n",
    ),
    "a byte order mark": ("\ufeffdo:\n- a: {}\n- b: {}\n", {"op": "remove", "reference": "/do/0/a"}, "\ufeffdo:\n- b: {}\n"),
    "JSON on one line": (
        '{"do":[{"a":{"wait":"PT1S"}}]}',
        {"op": "add", "reference": "/do/0/a", "name": "b", "value": {"set": {"x": "\u2028"}}},
        '{"do":[{"a":{"wait":"PT1S"}}, {"b": {"set": {"x": "\\u2028"}}}]}',
    ),
    "JSON on several": (
        '{\n\t"do": [\n\t\t{\n\t\t\t"a": {}\n\t\t}\n\t]\n}\n',
        {"op": "add", "reference": "/do/0/a", "name": "b", "value": {}},
        '{\n\t"do": [\n\t\t{\n\t\t\t"a": {}\n\t\t},\n\t\t{\n\t\t\t"b": {}\n\t\t}\n\t]\n}\n',
    ),
    "an alias that changes is written out": (
        "do:\n  - a: &t {wait: PT1S}\n  - b: *t\n",
        {"op": "set-field", "reference": "/do/1/b", "field": "wait", "value": "PT2S"},
        "do:\n  - a: &t {wait: PT1S}\n  - b:\n      wait: PT2S\n",
    ),
    "the first key of an item goes, the comment of the next stays": (
        "do:\n  - a:\n      set:\n        - x: 1\n          # about y\n          y: 2\n",
        {"op": "set-field", "reference": "/do/0/a", "field": "/set/0/x"},
        "do:\n  - a:\n      set:\n        - # about y\n          y: 2\n",
    ),
    "what is like a comment in a block of text is text": (
        "do:\n  - a:\n      set: |\n        x\n        # y\n  # about b\n  - b: {}\n  - c: {}\n",
        {"op": "remove", "reference": "/do/1/b"},
        "do:\n  - a:\n      set: |\n        x\n        # y\n  - c: {}\n",
    ),
    "comments in brackets": (
        "do: [ # the list\n  {a: {}}, # about a\n  {b: {}} # about b\n]\n",
        {"op": "add", "reference": "/do/1/b", "name": "c", "value": {}},
        "do: [ # the list\n  {a: {}}, # about a\n  {b: {}}, # about b\n  {c: {}}\n]\n",
    ),
    "a setting of the document goes above its tasks": (
        "document: {}\n# the tasks\ndo:\n- a: {}\n",
        {"op": "set-field", "reference": "", "field": "schedule", "value": {"every": "PT1H"}},
        "document: {}\nschedule:\n  every: PT1H\n# the tasks\ndo:\n- a: {}\n",
    ),
    "comments that begin the text stay": ("# licence\ntitle: x\ndo: []\n", {"op": "remove", "reference": "/title"}, "# licence\ndo: []\n"),
    "a function and its calls": (
        "use: {functions: {f: {wait: PT1S}}}\ndo:\n- a: {call: f}\n",
        {"op": "rename", "reference": "/use/functions/f", "name": "g"},
        "use: {functions: {g: {wait: PT1S}}}\ndo:\n- a: {call: g}\n",
    ),
}


@pytest.mark.parametrize(("text", "operation", "expected"), STYLES.values(), ids=STYLES.keys())
def test_every_style_is_kept(text: str, operation: dict[str, Any], expected: str) -> None:
    assert apply(text, [operation]).text == expected


class TestFollowing:
    def test_a_rename_lists_who_follows_and_a_task_may_follow_itself(self) -> None:
        applied = apply(WORKED, [{"op": "rename", "reference": "/do/1/b", "name": "tell"}])

        assert applied.text == WORKED.replace("- b:", "- tell:").replace("then: b", "then: tell")
        assert (applied.footprint, applied.followed) == (("/do/1/tell", "/do/0/a"), ("/do/0/a",))
        assert applied.untouched == ("/do/2/c", "/do/2/c/do/0/x", "/do/2/c/do/1/y")

    @pytest.mark.parametrize(("body", "where", "target"), [
        ({"wait": "PT1S"}, "top", "c"), ({"wait": "PT1S", "then": "exit"}, "top", "exit"), ({"wait": "PT1S"}, "last", "end"),
        ({"wait": "PT1S"}, "inner", "exit"),
    ])  # fmt: skip
    def test_what_led_to_a_removed_task_goes_on_where_it_went_on(self, body: dict[str, Any], where: str, target: str) -> None:
        tasks = [{"a": {"wait": "PT1S", "then": "b"}}, {"b": body}, *([{"c": {"wait": "PT1S"}}] if where == "top" else [])]
        data: dict[str, Any] = {"do": [{"outer": {"do": tasks}}] if where == "inner" else tasks}
        inner = "/do/0/outer" if where == "inner" else ""

        applied = apply(render(data), [{"op": "remove", "reference": f"{inner}/do/1/b"}])

        assert get(_data(applied.text), f"{inner}/do/0/a/then") == target
        assert applied.followed == (f"{inner}/do/0/a",)

    def test_numbers_of_the_footprint_are_those_of_the_new_text(self) -> None:
        first, then = {"op": "set-field", "reference": "/do/2/c", "field": "if", "value": ".x"}, {"op": "remove", "reference": "/do/1/b"}

        applied = apply(WORKED, [first, then])

        assert applied.footprint == ("/do/1/b", "/do/1/c", "/do/0/a")


TEXTS = [TEXT, *(path.read_text() for path in sorted((DATA / "valid").glob("*.yaml")))]
VALUES = st.sampled_from(["PT9S", "x: y", "# c", {"a": 1, "b": [1, {"c": None}]}, [1, "two"], 7, None, False, "multi\nline\n", "${ .a }"])


@settings(max_examples=cases(60))
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
