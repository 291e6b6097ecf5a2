"""The wire shape: what decoders take, small enough, and the way there and back loses nothing."""

from __future__ import annotations

import copy
import functools
import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dsl import Function, examine, read
from dsl.checks.structure import structure
from dsl.kinds import KINDS
from dsl.wire import WireError, from_wire, kinds_in, tasks_from_wire, tasks_to_wire, to_wire, wire_schema
from dsl.wire.tables import GROUPS, TASK
from graphs import catalogue
from tests.cases import cases
from tests.unit.dsl import from_schema, official
from tests.unit.dsl.definitions import CATALOGUE, DATA, a_workflow, get

DEFAULT = catalogue.load()
ALL = {**CATALOGUE, **DEFAULT}
FILES = [*sorted((DATA / "valid").glob("*.yaml")), *official.files("examples")]
DEFINITIONS = [read(path.read_text()).data for path in FILES]
WHOLE = Draft202012Validator(wire_schema(None, ALL))
BYTES = 6_000


def compact(schema: Any) -> str:
    return json.dumps(schema, separators=(",", ":"), ensure_ascii=False)


def _closed(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


class TestTheSchema:
    """It is what strict structured output takes, and small."""

    @pytest.mark.parametrize("kind", TASK)
    def test_one_kind_with_the_document_around_it_is_small_and_strict(self, kind: str) -> None:
        for part in ("definition", "tasks"):
            schema = wire_schema([kind], part=part)

            assert len(compact(schema).encode()) <= BYTES
            assert list(not_strict(schema)) == []

    @pytest.mark.parametrize("function", ALL.values(), ids=ALL)
    def test_one_function_with_the_document_around_it_is_small_and_strict(self, function: Function) -> None:
        schema = wire_schema([], [function])

        assert len(compact(schema).encode()) <= BYTES
        assert list(not_strict(schema)) == []

    def test_a_function_with_very_many_arguments_stays_small(self) -> None:
        properties = {f"argument{number}": {"type": "string", "description": "words " * 20} for number in range(200)}
        big = CATALOGUE["purge:2.1.0"].model_copy(update={"input": {"properties": properties, "additionalProperties": False}})

        assert len(compact(wire_schema([], [big])).encode()) <= BYTES

    def test_everything_at_once_is_strict(self) -> None:
        Draft202012Validator.check_schema(wire_schema(None, ALL))

        assert list(not_strict(wire_schema(None, ALL))) == []

    @pytest.mark.parametrize(
        ("bad", "told"),
        [
            ({"anyOf": []}, "the root is no object"),
            ({"type": "object", "properties": {}, "required": [], "additionalProperties": False, "not": {}}, "keywords ['not']"),
            (_closed(a={"type": "object", "properties": {}, "required": []}), "an object is open"),
            (_closed(a={**_closed(b={"type": "null"}), "required": []}), "an object is open, or has optional properties"),
            (_closed(a={"$ref": "#/$defs/x", "description": "d"}) | {"$defs": {"x": {"type": "null"}}}, "a $ref has something beside it"),
            (_closed(a={"anyOf": [_closed(b={"type": "null"}), _closed(b={"type": "null"})]}), "two alternatives begin alike"),
            (_closed(**{f"p{number}": {"type": "null"} for number in range(5_001)}), "too much"),
            (_closed(a={"type": "string", "enum": ["x" * 120_001]}), "the names are too long together"),
            (functools.reduce(lambda inner, _: _closed(a=inner), range(11), {"type": "null"}), "nested too deeply"),
        ],
        ids=range(9),
    )
    def test_the_linter_finds_what_strict_mode_refuses(self, bad: Any, told: str) -> None:
        [found] = not_strict(bad)

        assert found.startswith(told)

    def test_only_what_was_asked_for_can_be_written(self) -> None:
        schema = wire_schema(["set"], [DEFAULT["notify:1.0.0"]])
        one, other = schema["$defs"]["task"]["anyOf"]

        assert one["properties"]["kind"]["enum"] == ["set"]
        assert other["properties"]["kind"]["enum"] == ["notify:1.0.0@default"]
        assert other["properties"]["with"]["properties"]["channel"] == {"type": "string", "enum": ["chat", "email", "webhook", "slack"]}

    def test_a_kind_of_the_language_stands_for_all_of_its_kinds(self) -> None:
        kinds = [schema["properties"]["kind"]["enum"][0] for schema in wire_schema(["run"])["$defs"]["task"]["anyOf"]]

        assert kinds == ["workflow", "script", "shell", "container"]
        assert {kind for kind in KINDS if kind not in TASK} == set(GROUPS)

    def test_an_unknown_kind_is_named(self) -> None:
        with pytest.raises(WireError, match=r"'swtch' is no kind of task \(did you mean 'switch'\?\)"):
            wire_schema(["swtch"])

    def test_nothing_asked_for_is_refused(self) -> None:
        with pytest.raises(WireError, match="holds nothing"):
            wire_schema([])


class TestThereAndBack:
    """Whatever is written can be read, and is what it was."""

    @pytest.mark.parametrize("data", DEFINITIONS, ids=[path.stem for path in FILES])
    def test_every_example(self, data: Any) -> None:
        there_and_back(data)

    def test_what_a_model_writes(self) -> None:
        wire = {
            "name": "daily-orders",
            "title": "Daily orders",
            "timezone": "Europe/Berlin",
            "schedule": {"cron": "0 9 * * 1-5", "every": None},
            "use": {"secrets": ["SHOP_TOKEN"], "errors": []},
            "do": [
                {
                    "kind": "http",
                    "name": "get-orders",
                    "title": "Fetch the orders",
                    "method": "get",
                    "endpoint": "https://example.com/orders",
                    "headers": [{"name": "Authorization", "value": "${ $secrets.SHOP_TOKEN }"}],
                    "body": None,
                    "export": {"fields": [{"name": "orders", "value": "${ . }"}]},
                    "timeout": "1 minute 30 seconds",
                },
                {"kind": "set", "name": "count", "set": [{"name": "n", "value": 3}, {"name": "text", "value": "3"}]},
                {"kind": "switch", "name": "many", "cases": [{"name": "yes", "when": "${ .n > 1 }", "then": "tell"}], "then": ""},
                {"kind": "notify:1.0.0@default", "name": "tell", "with": {"channel": "chat", "title": "Done", "to": None}},
                {"kind": "try", "name": "again", "try": [{"kind": "wait", "name": "w", "wait": "PT1S"}], "catch": {"retry": None}},
            ],
            "extra": [{"name": "evaluate", "value": {"fields": [{"name": "language", "value": "jq"}]}}],
        }

        assert from_wire(wire) == {
            "document": {
                "dsl": "1.0.3",
                "namespace": "default",
                "name": "daily-orders",
                "version": "0.1.0",
                "title": "Daily orders",
                "metadata": {"parley": {"timezone": "Europe/Berlin"}},
            },
            "schedule": {"cron": "0 9 * * 1-5"},
            "use": {"secrets": ["SHOP_TOKEN"]},
            "evaluate": {"language": "jq"},
            "do": [
                {
                    "get-orders": {
                        "metadata": {"parley": {"title": "Fetch the orders"}},
                        "call": "http",
                        "with": {
                            "method": "get",
                            "endpoint": "https://example.com/orders",
                            "headers": {"Authorization": "${ $secrets.SHOP_TOKEN }"},
                        },
                        "export": {"as": {"orders": "${ . }"}},
                        "timeout": {"after": {"minutes": 1, "seconds": 30}},
                    }
                },
                {"count": {"set": {"n": 3, "text": "3"}}},
                {"many": {"switch": [{"yes": {"when": "${ .n > 1 }", "then": "tell"}}]}},
                {"tell": {"call": "notify:1.0.0@default", "with": {"channel": "chat", "title": "Done"}}},
                {"again": {"try": [{"w": {"wait": "PT1S"}}], "catch": {}}},
            ],
        }
        assert examine(from_wire(wire), DEFAULT).valid

    @pytest.mark.parametrize(
        "task",
        [
            {"set": {"a": {"fields": [{"name": "x"}]}, "": [], "b": {}, "c": None, "d": [[{"e": 1.5}]]}},
            {"set": "${ . }", "metadata": {}, "input": {}, "output": {"as": "", "schema": {"document": None}}},
            {"wait": "5 minutes"},
            {"wait": {"days": 1, "minutes": 0, "milliseconds": -5}},
            {"wait": "PT1S", "timeout": "short", "if": "", "then": "end"},
            {"call": "http", "with": {"method": "get", "endpoint": {"uri": "https://a.example"}, "body": None, "query": {}}},
            {"call": "notify:1.0.0@default", "with": {"channel": "${ .channel }", "text": "x"}},
            {"call": "notify:1.0.0@default", "with": {"channel": "chat", "text": 3, "title": None}},
            {"call": "notify:1.0.0@default", "with": {}},
            {"call": "notify:1.0.0@default"},
            {"call": "mine", "with": {"a": {"b": "c"}}},
            {"raise": {"error": "broken"}},
            {"try": [], "catch": {"retry": {}, "errors": {}}},
            {"try": [], "catch": {"retry": {"backoff": {"linear": {"by": 1}}, "jitter": {"from": "PT1S", "to": {"seconds": 2}}}}},
            {"listen": {"to": {"any": [], "until": {"one": {"with": {"type": "x"}}}}}, "foreach": {"do": []}},
        ],
        ids=str,
    )
    def test_what_is_easily_lost(self, task: dict[str, Any]) -> None:
        there_and_back(a_workflow({"x": task}))

    def test_what_stands_around_the_tasks(self) -> None:
        use = {
            "authentications": {"a": {"oauth2": {"use": "S"}}, "b": {"basic": {"username": "u", "password": "p"}}},
            "functions": {"f": {"set": {"a": 1}}},
            "extensions": [{"log": {"extend": "all", "before": [{"x": {"wait": "PT1S"}}]}}],
            "retries": {"r": {}},
            "timeouts": {"t": {"after": {"minutes": 1}}},
            "catalogs": {"c": {"endpoint": "https://example.com"}},
            "errors": {"e": {"type": "https://example.com/e", "status": 400}},
        }
        there_and_back(a_workflow(get("x"), use=use, timeout="t", evaluate={"mode": "strict"}, document={"tags": {}, "dsl": "1.0.0"}))

    def test_tasks_alone(self) -> None:
        tasks = [get("a"), {"b": {"do": [get("c")]}}]
        wire = tasks_to_wire(tasks)

        assert Draft202012Validator(wire_schema(["http", "do"], part="tasks")).is_valid(wire)
        assert tasks_from_wire(wire) == tasks

    @settings(max_examples=cases(60))
    @given(st.data())
    def test_definitions_put_together_at_random(self, data: st.DataObject) -> None:
        there_and_back(data.draw(_definitions()))

    @settings(max_examples=cases(60))
    @given(data=from_schema.definitions())
    def test_definitions_made_from_the_official_schema(self, data: Any) -> None:
        if not structure(data):
            there_and_back(data)
            return
        try:
            assert isinstance(to_wire(data), dict)
        except WireError as error:
            assert error.problems


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "fields", "name", "value", ""]), inner, max_size=3),
    max_leaves=8,
)
TASKS = [(data, name, task) for data in DEFINITIONS for item in data["do"] for name, task in item.items()]
COMMON = st.fixed_dictionaries(
    {},
    optional={
        "if": st.sampled_from(["", ".a", "${ .a }"]),
        "then": st.sampled_from(["end", "continue", "t1"]),
        "timeout": st.sampled_from(["name", {"after": "PT1S"}, {"after": {"seconds": 3}}]),
        "metadata": st.dictionaries(st.sampled_from(["parley", "team"]), st.dictionaries(st.sampled_from(["title", "x"]), st.just("y"))),
        "input": st.sampled_from([{}, {"from": ".a"}, {"from": {"a": 1}}, {"schema": {"document": {}}}]),
        "output": st.sampled_from([{"as": {}}, {"as": "${ . }"}, {"schema": {"format": "json", "document": {"type": "object"}}}]),
    },
)


@st.composite
def _definitions(draw: st.DrawFn) -> Any:
    """A definition around tasks of the examples, in any nesting, with any data and any common fields."""
    around = copy.deepcopy(draw(st.sampled_from(DEFINITIONS)))
    around["do"] = draw(st.lists(_tasks(2), min_size=1, max_size=2))
    return around


@st.composite
def _tasks(draw: st.DrawFn, depth: int) -> dict[str, Any]:
    inner = st.lists(_tasks(depth - 1), max_size=2) if depth else st.just([])
    kinds = [
        st.sampled_from(TASKS).map(lambda found: copy.deepcopy(found[2])),
        st.dictionaries(st.text(max_size=3), JSON_VALUES, min_size=1, max_size=3).map(lambda values: {"set": values}),
        JSON_VALUES.map(lambda body: {"call": "http", "with": {"method": "post", "endpoint": "https://example.com", "body": body}}),
        JSON_VALUES.map(lambda text: {"call": "notify:1.0.0@default", "with": {"channel": "chat", "text": text}}),
    ]
    if depth:
        kinds += [
            inner.map(lambda tasks: {"do": tasks}),
            inner.map(lambda tasks: {"for": {"in": ".", "each": "x"}, "do": tasks}),
            inner.map(lambda tasks: {"fork": {"branches": tasks}}),
            inner.map(lambda tasks: {"try": tasks, "catch": {"do": tasks}}),
        ]
    return {draw(st.text(min_size=1, max_size=3)): draw(st.one_of(kinds)) | draw(COMMON)}


def there_and_back(data: Any) -> None:
    """Hold that *data* is written as the schema of its kinds and functions wants it, and read as it was."""
    before = copy.deepcopy(data)
    for functions in (ALL, {}):
        wire = to_wire(data, functions)

        assert from_wire(json.loads(json.dumps(wire))) == data
    assert data == before
    if structure(data) or "'when': ''" in str(data):  # an empty condition is a mistake, and null on the wire
        return
    kinds = kinds_in(to_wire(data, ALL))
    asked = wire_schema(
        [kind for kind in kinds if kind in TASK] or ["do"], [ALL[kind.partition("@")[0]] for kind in kinds if kind not in TASK]
    )
    assert [error.message for error in Draft202012Validator(asked).iter_errors(to_wire(data, ALL))] == []


class TestBadInput:
    """What is not of the shape is told, never a traceback."""

    @pytest.mark.parametrize(
        ("wire", "told"),
        [
            (None, "null stands where an object is wanted"),
            ({}, "'name' is missing"),
            ({"name": "a", "do": {}}, "an object stands where a list of tasks is wanted"),
            ({"name": "a", "do": [1]}, "the task has no kind"),
            ({"name": "a", "do": [{"kind": "set"}]}, "the task has no name"),
            ({"name": "a", "do": [{"kind": "sett", "name": "b"}]}, "'sett' is no kind of task (did you mean 'set'?)"),
            ({"name": "a", "do": [{"kind": "run", "name": "b"}]}, "use one of: 'workflow', 'script', 'shell', 'container'"),
            ({"name": "a", "do": [{"kind": "set", "name": "b"}]}, "'set' is missing"),
            ({"name": "a", "do": [{"kind": "wait", "name": "b", "wait": {"after": "PT1S"}}]}, "an object is no duration"),
            ({"name": "a", "do": [{"kind": "wait", "name": "b", "wait": 5}]}, "the number 5 is no duration"),
            ({"name": "a", "do": [], "use": {"authentications": [{"name": "b", "scheme": "bearr"}]}}, "did you mean 'bearer'?"),
            ({"name": "a", "do": [], "use": {"authentications": [{"name": "b", "scheme": "bearer", "token": 1}]}}, "'token' is not known"),
            ({"name": "a", "do": [{"kind": "wait", "name": "b", "wait": "PT1S", "until": 1}]}, "'until' is not known here"),
            ({"name": "a", "do": [{"kind": "set", "name": "b", "set": [{"name": "x"}, {"name": "x"}]}]}, "the name 'x' is there twice"),
            ({"name": "a", "do": [], "schedule": {"evry": "PT1S"}}, "'evry' is not known here (did you mean 'every'?)"),
            ({"name": "a", "do": [], "schedule": "daily"}, "'daily' stands where an object is wanted"),
            ({"name": "a", "do": [], "extra": [{"name": "do", "value": []}]}, "'do' is given by a field and in `extra`"),
            ({"name": "a", "do": [{"kind": "raise", "name": "b", "error": "e", "type": "https://x"}]}, "say the same"),
            ({"name": "a", "do": [{"kind": "raise", "name": "b", "status": "many", "type": "https://x"}]}, "'many' is no whole number"),
        ],
        ids=str,
    )
    def test_a_mistake_is_named(self, wire: Any, told: str) -> None:
        with pytest.raises(WireError) as caught:
            from_wire(wire)

        assert told in str(caught.value)

    @pytest.mark.parametrize(
        ("written", "meant"),
        [
            ({"kind": "set", "set": {"a": {"b": 1}}}, {"set": {"a": {"b": 1}}}),
            ({"kind": "call", "function": "mine", "with": {"a": 1}}, {"call": "mine", "with": {"a": 1}}),
            ({"kind": "wait", "wait": {"minutes": 5, "seconds": None}}, {"wait": {"minutes": 5}}),
            ({"kind": "wait", "wait": "1 hour, 30 minutes"}, {"wait": {"hours": 1, "minutes": 30}}),
            ({"kind": "set", "set": "${ . }", "if": True}, {"set": "${ . }", "if": "true"}),
            (
                {"kind": "raise", "type": "https://x.example", "status": "400"},
                {"raise": {"error": {"type": "https://x.example", "status": 400}}},
            ),
            ({"kind": "fork", "branches": [], "compete": "True"}, {"fork": {"branches": [], "compete": True}}),
        ],
        ids=str,
    )
    def test_what_is_nearly_right_is_taken_as_it_is_meant(self, written: dict[str, Any], meant: dict[str, Any]) -> None:
        assert from_wire({"name": "a", "do": [written | {"name": "x"}]})["do"] == [{"x": meant}]

    def test_all_mistakes_are_told_at_once_each_with_its_place(self) -> None:
        with pytest.raises(WireError) as caught:
            from_wire({"do": [{"kind": "set", "name": "b"}, {"kind": "for", "name": "c", "do": [{}]}]})

        assert [problem.reference for problem in caught.value.problems] == ["", "/do/0", "/do/1", "/do/1/do/0"]

    def test_depth_is_refused(self) -> None:
        value: Any = 1
        tasks: list[Any] = []
        for _ in range(5_000):
            value = [value]
            tasks = [{"kind": "do", "name": "x", "do": tasks}]
        for wire in ({"name": "a", "do": tasks}, {"name": "a", "do": [], "input": value}):
            with pytest.raises(WireError, match="nested more than"):
                from_wire(wire)
        with pytest.raises(WireError, match="nested more than 200 levels"):
            to_wire({"do": value})

    @pytest.mark.parametrize(
        "data", [None, [], {}, {"do": [{"x": {}}]}, {"do": [{"x": {"call": []}, "y": {}}]}, {"do": [{"x": {"run": 1}}]}]
    )
    def test_what_has_no_tasks_is_not_written(self, data: Any) -> None:
        with pytest.raises(WireError):
            to_wire(data)

    @settings(max_examples=cases(60))
    @given(st.data())
    def test_broken_at_random_it_is_read_or_told(self, data: st.DataObject) -> None:
        wire = to_wire(data.draw(st.sampled_from(DEFINITIONS)), ALL)
        for _ in range(data.draw(st.integers(1, 3))):
            owner, key = data.draw(st.sampled_from(list(_places(wire)) or [(wire, "do")]))
            owner[key] = data.draw(JSON_VALUES | st.sampled_from([[{"kind": "set"}], {"fields": None}, "5 minutes"]))
        try:
            read_back = from_wire(wire)
        except WireError as error:
            assert all(problem.message for problem in error.problems)
        else:
            assert structure(read_back) or from_wire(to_wire(read_back)) == read_back


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from _places(inner)


ALLOWED = {"type", "properties", "required", "additionalProperties", "items", "anyOf", "enum", "$ref", "$defs", "description"}


def not_strict(schema: dict[str, Any]) -> Iterator[str]:
    """Yield what OpenAI's strict structured output refuses in *schema* ("Structured Outputs: Supported schemas")."""
    if schema.get("type") != "object":
        yield "the root is no object"
    parts = list(_schemas(schema))
    for part in parts:
        if part.keys() - ALLOWED:
            yield f"keywords {sorted(part.keys() - ALLOWED)}"
        if "$ref" in part and len(part) > 1:
            yield "a $ref has something beside it"
        if part.get("type") == "object" and (part.get("additionalProperties") is not False or part["required"] != list(part["properties"])):
            yield f"an object is open, or has optional properties: {part}"
        first = [next(iter(choice["properties"].items())) for choice in part.get("anyOf", ()) if choice.get("properties")]
        if len({json.dumps(key) for key in first}) < len(first):
            yield "two alternatives begin alike"
    if sum(len(part.get("properties", ())) for part in parts) > 5_000 or sum(len(part.get("enum", ())) for part in parts) > 1_000:
        yield "too much"
    names = [*schema.get("$defs", ()), *(name for part in parts for name in [*part.get("properties", ()), *part.get("enum", ())])]
    if sum(map(len, names)) > 120_000:
        yield "the names are too long together"
    if _levels(schema, schema, ()) > 10:
        yield "nested too deeply"


def _schemas(schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield schema
    for inner in (*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *schema.get("$defs", {}).values()):
        yield from _schemas(inner)
    if "items" in schema:
        yield from _schemas(schema["items"])


def _levels(schema: dict[str, Any], root: dict[str, Any], above: tuple[str, ...]) -> int:
    """Return how many objects lie within each other, where a recursion is followed once."""
    if "$ref" in schema:
        name = schema["$ref"].removeprefix("#/$defs/")
        return 0 if name in above else _levels(root["$defs"][name], root, (*above, name))
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ()), *([schema["items"]] if "items" in schema else [])]
    return (schema.get("type") == "object") + max((_levels(each, root, above) for each in inner), default=0)
