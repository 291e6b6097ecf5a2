"""What a new version asks of those who use the old one."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import breaking, bump_of, bumped
from tests.unit.dsl.definitions import a_workflow, wait

ID = {"type": "string"}


def _with_schema(part: str, schema: dict[str, Any]) -> dict[str, Any]:
    return a_workflow(wait("a"), **{part: {"schema": {"document": schema}}})


def _object(required: list[str] | None = None, *, closed: bool = False, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": required or []} | ({"additionalProperties": False} if closed else {})


# (old, new, what it is as input, what it is as output)
SCHEMAS: dict[str, tuple[Any, Any, list[tuple[str, str]], list[tuple[str, str]]]] = {
    "newly required": (_object(id=ID), _object(["id"], id=ID), [("required", "major")], [("required", "minor")]),
    "no longer required": (_object(["id"], id=ID), _object(id=ID), [("optional", "minor")], [("optional", "major")]),
    "new and required": (_object(), _object(["id"], id=ID), [("required", "major")], [("required", "minor")]),
    "a new property": (_object(), _object(id=ID), [("new", "minor")], [("new", "minor")]),
    "a property that is gone": (_object(id=ID), _object(), [("gone", "minor")], [("gone", "major")]),
    "gone from a closed object": (_object(id=ID, closed=True), _object(closed=True), [("closed", "major")], [("closed", "major")]),
    "a narrower type": (_object(n={"type": ["string", "number"]}), _object(n=ID), [("narrower", "major")], [("narrower", "minor")]),
    "an integer for a number": ({"type": "number"}, {"type": "integer"}, [("narrower", "major")], [("narrower", "minor")]),
    "another type": (ID, {"type": "boolean"}, [("narrower", "major"), ("wider", "minor")], [("wider", "major"), ("narrower", "minor")]),
    "fewer choices": ({"enum": ["a", "b"]}, {"enum": ["a"]}, [("narrower", "major")], [("narrower", "minor")]),
    "a lower limit": ({"maximum": 9}, {"maximum": 5}, [("narrower", "major")], [("narrower", "minor")]),
    "a limit that is gone": ({"minLength": 2}, {}, [("wider", "minor")], [("wider", "major")]),
    "in the items": ({"items": ID}, {"items": {}}, [("wider", "minor")], [("wider", "major")]),
    "closed for more": ({}, {"additionalProperties": False}, [("narrower", "major")], [("narrower", "minor")]),
    "what cannot be compared": ({"anyOf": [ID]}, {"anyOf": [{}]}, [("unclear", "major")], [("unclear", "major")]),
}


@pytest.mark.parametrize(("old", "new", "as_input", "as_output"), SCHEMAS.values(), ids=SCHEMAS.keys())
def test_schemas_of_input_and_output_are_compared_in_opposite_directions(old: Any, new: Any, as_input: Any, as_output: Any) -> None:
    for part, expected in (("input", as_input), ("output", as_output)):
        found = breaking(_with_schema(part, old), _with_schema(part, new))

        assert [(change.code, change.bump) for change in found] == [(f"{part}-{effect}", bump) for effect, bump in expected]
        assert all(change.reference.startswith(f"/{part}/schema/document") for change in found)


def test_words_of_a_schema_do_not_count() -> None:
    changes = breaking(_with_schema("input", ID), _with_schema("input", ID | {"description": "the order's number"}))

    assert [(change.code, change.bump) for change in changes] == [("inside", "patch")]


def _emit(kind: str, source: str = "https://x.example") -> dict[str, Any]:
    return {"tell": {"emit": {"event": {"with": {"type": kind, "source": source}}}}}


def _listen(kind: str) -> dict[str, Any]:
    return {"hear": {"listen": {"to": {"any": [{"with": {"type": kind}}, {"with": {"type": "com.x.cancel"}}]}}}}


def _scheduled(**schedule: Any) -> dict[str, Any]:
    return a_workflow(wait("a"), schedule=schedule)


OTHERS: dict[str, tuple[Any, Any, list[tuple[str, str, str]]]] = {
    "an event that is sent no more": (
        a_workflow(_emit("com.x.a")), a_workflow(_emit("com.x.b")),
        [("event-gone", "/do/0/tell", "major"), ("event-new", "/do/0/tell", "minor")],
    ),
    "another source": (
        a_workflow(_emit("com.x.a")), a_workflow(_emit("com.x.a", "https://y.example")), [("event-source-changed", "/do/0/tell", "major")],
    ),
    "another event is waited for": (
        a_workflow(_listen("com.x.a")), a_workflow(_listen("com.x.b")),
        [("event-ignored", "/do/0/hear", "major"), ("event-needed", "/do/0/hear", "major")],
    ),
    "a schedule that is gone": (_scheduled(cron="0 9 * * *"), a_workflow(wait("a")), [("trigger-gone", "/schedule/cron", "major")]),
    "another time": (_scheduled(cron="0 9 * * *"), _scheduled(cron="0 8 * * *"), [("trigger-changed", "/schedule/cron", "minor")]),
    "another event starts it": (
        _scheduled(on={"one": {"with": {"type": "a"}}}), _scheduled(on={"one": {"with": {"type": "b"}}}),
        [("trigger-gone", "/schedule/on", "major"), ("trigger-new", "/schedule/on", "minor")],
    ),
    "a secret": (a_workflow(wait("a")), a_workflow(wait("a"), use={"secrets": ["key"]}), [("secret-needed", "/use/secrets/0", "major")]),
    "another name": (a_workflow(wait("a")), a_workflow(wait("a"), document={"name": "b"}), [("name-changed", "/document/name", "major")]),
    "fewer values in the output": (
        a_workflow(wait("a"), output={"as": {"x": 1, "y": 2}}), a_workflow(wait("a"), output={"as": {"x": 1, "z": 2}}),
        [("output-gone", "/output/as/y", "major"), ("output-new", "/output/as/z", "minor")],
    ),
    "only what happens inside": (a_workflow(wait("a")), a_workflow(wait("b")), [("inside", "", "patch")]),
    "nothing": (a_workflow(wait("a")), a_workflow(wait("a")), []),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), OTHERS.values(), ids=OTHERS.keys())
def test_what_others_notice_is_found(old: Any, new: Any, expected: list[tuple[str, str, str]]) -> None:
    assert [(change.code, change.reference, change.bump) for change in breaking(old, new)] == expected


@pytest.mark.parametrize(("version", "bump", "following"), [
    ("1.2.3", "major", "2.0.0"), ("1.2.3", "minor", "1.3.0"), ("1.2.3-rc1", "patch", "1.2.4"), ("0.2.3", "major", "0.3.0"),
    ("1", "minor", "1.1.0"),
])  # fmt: skip
def test_the_version_number_follows_the_bump(version: str, bump: Any, following: str) -> None:
    assert bumped(version, bump) == following


def test_the_gravest_change_decides() -> None:
    assert bump_of(breaking(a_workflow(_emit("a")), a_workflow(_emit("b")))) == "major"
    assert bump_of(()) is None
