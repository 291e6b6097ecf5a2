"""Reply classes as strict schemas, and answers to those back as what the classes take."""

from __future__ import annotations

import inspect
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

from graphs.design import replies
from graphs.models.strict import NotStrict, loosened, reply_schema, strict
from tests.unit.dsl.test_wire import not_strict

CLASSES = [each for _, each in inspect.getmembers(replies, inspect.isclass) if issubclass(each, BaseModel) and each is not BaseModel]


class Leaf(BaseModel):
    name: str = Field(pattern="^[a-z]+$", max_length=9)
    size: int | None = None


class Tree(BaseModel):
    """Everything that a reply class can hold and strict mode has words for."""

    kind: Literal["a", "b"] = "a"
    leaf: Leaf = Field(default=Leaf(name="x"), description="one of them")
    leaves: list[Leaf] = Field(default_factory=list, max_length=3)
    named: dict[str, str] = Field(default_factory=dict)
    deep: dict[str, Leaf] = Field(default_factory=dict)
    share: float = Field(default=0.5, ge=0, le=1)
    either: Leaf | str = ""
    child: Tree | None = None


def test_replies_of_the_design_are_strict_save_those_that_take_any_value() -> None:
    schemas = {each.__name__: reply_schema(each) for each in CLASSES}

    assert {name for name in ("Intent", "Outline", "Draft", "Summary") if schemas[name] is None} == set()
    assert [problem for schema in schemas.values() if schema for problem in not_strict(schema)] == []


def test_everything_at_once_is_strict() -> None:
    assert list(not_strict(strict(Tree.model_json_schema()))) == []


def test_limits_are_told_in_words() -> None:
    schema = strict(Leaf.model_json_schema())

    assert schema["properties"]["name"] == {"description": "pattern ^[a-z]+$; at most 9 characters", "type": "string"}


def test_a_field_with_a_default_may_be_null_and_keeps_its_description() -> None:
    class Reply(BaseModel):
        text: str = Field(default="", description="words")

    assert strict(Reply.model_json_schema())["properties"]["text"] == {
        "description": "words",
        "anyOf": [{"type": "string"}, {"type": "null"}],
    }


class Anything(BaseModel):
    value: Any = None


class Pair(BaseModel):
    pair: tuple[int, str]


class Objects(BaseModel):
    objects: list[dict[str, Any]]


class Open(BaseModel, extra="allow"):
    name: str
    __pydantic_extra__: dict[str, int]


@pytest.mark.parametrize("reply", [Anything, Pair, Objects, Open])
def test_what_takes_any_value_has_no_strict_schema(reply: type[BaseModel]) -> None:
    assert reply_schema(reply) is None


@pytest.mark.parametrize("schema", [{"type": "array", "items": {"type": "string"}}, {"type": "object", "properties": {"a": {"not": {}}}}])
def test_other_schemas_are_refused_in_words(schema: dict[str, Any]) -> None:
    with pytest.raises(NotStrict):
        strict(schema)


def test_nulls_and_pairs_go_back_to_what_the_class_takes() -> None:
    answer = {
        "kind": None,
        "leaf": {"name": "y", "size": None},
        "leaves": None,
        "named": [{"name": "q1", "value": "total"}],
        "deep": [{"name": "d", "value": {"name": "z", "size": 3}}],
        "share": None,
        "either": "s",
        "child": {"kind": "b", "named": None, "child": None},
    }

    assert Tree.model_validate(loosened(answer, Tree)) == Tree(
        leaf=Leaf(name="y"), named={"q1": "total"}, deep={"d": Leaf(name="z", size=3)}, either="s", child=Tree(kind="b")
    )


def test_pairs_that_name_something_twice_are_not_made_one() -> None:
    twice = {"named": [{"name": "q", "value": "a"}, {"name": "q", "value": "b"}]}

    assert loosened(twice, Tree) == twice


def test_a_null_that_must_not_be_stays_for_pydantic_to_refuse() -> None:
    assert loosened({"name": None}, Leaf) == {"name": None}


leaves = st.builds(Leaf, name=st.from_regex("[a-z]{1,9}", fullmatch=True), size=st.none() | st.integers(-9, 9))
trees = st.recursive(
    st.builds(Tree, leaf=leaves, leaves=st.lists(leaves, max_size=3), named=st.dictionaries(st.text(), st.text(), max_size=3)),
    lambda inner: st.builds(Tree, leaf=leaves, deep=st.dictionaries(st.text(), leaves, max_size=2), either=leaves | st.text(), child=inner),
    max_leaves=3,
)


@given(trees)
def test_any_reply_written_strictly_fits_the_schema_and_reads_as_itself(tree: Tree) -> None:
    written = _written(tree.model_dump())

    Draft202012Validator(strict(Tree.model_json_schema())).validate(written)
    assert Tree.model_validate(loosened(written, Tree)) == tree


def _written(value: Any, at: str = "") -> Any:
    """Return *value* as strict mode writes it: objects of chosen names as pairs."""
    if at in ("named", "deep"):
        return [{"name": name, "value": _written(inner)} for name, inner in value.items()]
    if isinstance(value, dict):
        return {key: _written(inner, key) for key, inner in value.items()}
    return [_written(inner) for inner in value] if isinstance(value, list) else value
