"""The JSON Schema of the language: it judges as the structure layer does, and says what an editor shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from jsonschema import Draft202012Validator, validators

from dsl import read
from dsl.checks.metadata import metadata
from dsl.checks.structure import structure
from dsl.kinds import KINDS
from dsl.schema import schema
from graphs import catalogue
from tests.cases import cases
from tests.unit.dsl import from_schema, official
from tests.unit.dsl.definitions import DATA, a_workflow, wait

ROOT = Path(__file__).parents[3]
PUBLISHED = ROOT / "docs" / "schema" / "parley-workflow.schema.json"
PLAIN = schema()
WITH_FUNCTIONS = schema(catalogue.load())
FILES = [
    *sorted((DATA / "valid").glob("*.yaml")),
    *(path for path in sorted((DATA / "invalid").glob("*.yaml")) if not path.name.endswith(".problems.yaml")),
    *sorted((ROOT / "examples").glob("*/definition.yaml")),
    *official.files("examples"),
    *official.files("invalid"),
]


@cache
def validator(*, functions: bool = False) -> Any:
    """Return the schema's validator; patterns are read as ECMA 262 has them."""
    whole = WITH_FUNCTIONS if functions else PLAIN
    return validators.extend(Draft202012Validator, {"pattern": official.validator().VALIDATORS["pattern"]})(whole)


def well_shaped(data: Any) -> bool:
    """Tell whether the structure layer, with that of our settings, finds no mistake."""
    return not structure(data) and not [problem for problem in metadata(data) if problem.severity == "error"]


def subschemas(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        yield part
    for inner in part.values() if isinstance(part, dict) else part if isinstance(part, list) else ():
        yield from subschemas(inner)


class TestWhatItAccepts:
    """What the structure layer accepts, and nothing else."""

    @pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.stem}")
    def test_a_file_is_judged_as_the_structure_layer_judges_it(self, path: Path) -> None:
        data = read(path.read_text()).data
        if data is not None:
            assert validator().is_valid(data) == well_shaped(data)

    @pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*/definition.yaml")), ids=lambda path: path.parent.name)
    def test_our_examples_fit_it_with_the_functions_too(self, path: Path) -> None:
        assert validator(functions=True).is_valid(read(path.read_text()).data)

    @settings(max_examples=cases(100))
    @given(data=from_schema.definitions())
    def test_a_random_definition_is_judged_as_the_structure_layer_judges_it(self, data: Any) -> None:
        if not _has_whole_float(data):  # 3.0: an integer in JSON Schema, none for us
            assert validator().is_valid(data) == well_shaped(data)

    @pytest.mark.parametrize(
        ("call", "fits"),
        [
            ({"call": "notify:1.0.0@default", "with": {"channel": "chat", "text": "Done"}}, True),
            ({"call": "notify:1.0.0@default", "with": {"channel": "${ .channel }", "text": "${ .text }"}}, True),
            ({"call": "notify:1.0.0@default", "with": {"channel": "pigeon"}}, False),
            ({"call": "notify:1.0.0@default", "with": {"chanel": "chat"}}, False),
            ({"call": "notify:1.0.0@default"}, False),
            ({"call": "mine", "with": {"chanel": "chat"}}, True),
        ],
        ids=str,
    )
    def test_the_arguments_of_a_function_are_known(self, call: Any, fits: bool) -> None:
        assert validator(functions=True).is_valid(a_workflow({"tell": call})) is fits
        assert validator().is_valid(a_workflow({"tell": call}))

    def test_our_settings_are_known(self) -> None:
        titled = a_workflow(wait("w", metadata={"parley": {"title": "Wait", "locked": True}, "team": {}}))
        wrong = a_workflow(wait("w", metadata={"parley": {"titel": "Wait"}}))

        assert validator().is_valid(titled)
        assert not validator().is_valid(wrong)


class TestWhatAnEditorShows:
    """Words and examples, and unions that it can tell apart."""

    def test_it_is_a_schema_of_the_draft_that_it_names(self) -> None:
        Draft202012Validator.check_schema(WITH_FUNCTIONS)

        assert WITH_FUNCTIONS["$schema"] == "https://json-schema.org/draft/2020-12/schema"
        assert WITH_FUNCTIONS["$id"].startswith("urn:")

    def test_every_property_is_described(self) -> None:
        parts = {"Definition": PLAIN, **PLAIN["$defs"]}
        silent = [f"{name}.{key}" for name, part in parts.items() for key, inner in part.get("properties", {}).items() if not _words(inner)]

        assert silent == []

    def test_every_kind_of_task_has_a_title_words_and_an_example(self) -> None:
        kinds = [PLAIN["$defs"][choice["$ref"].rpartition("/")[2]] for choice in PLAIN["$defs"]["Task"]["anyOf"]]

        assert len(kinds) == len(KINDS) - 1 + 7  # `call` is seven
        for kind in kinds:
            own = [inner for key, inner in kind["properties"].items() if key not in ("if", "input", "output", "export", "timeout", "then")]
            assert kind["title"]
            assert kind["description"]
            assert any("examples" in inner for inner in own if inner is not kind["properties"]["metadata"])
            assert kind["additionalProperties"] is False
            assert set(kind["required"]) & set(KINDS)

    def test_the_common_fields_have_an_example(self) -> None:
        fields = PLAIN["$defs"]["WaitTask"]["properties"]

        assert [key for key, inner in fields.items() if "examples" not in inner] == []
        assert next(iter(fields)) == "wait"  # its own before the common ones

    def test_every_example_fits_what_it_is_an_example_of(self) -> None:
        for part in subschemas(PLAIN):
            for example in part.get("examples", ()) if isinstance(part.get("examples"), list) else ():
                errors = [error.message for error in validator().evolve(schema=part | {"$defs": PLAIN["$defs"]}).iter_errors(example)]
                assert (example, errors) == (example, [])

    def test_the_functions_are_proposed(self) -> None:
        proposed = [choice.get("const") for choice in WITH_FUNCTIONS["$defs"]["CallFunction"]["properties"]["call"]["anyOf"]]

        assert proposed == [*(f"{key}@default" for key in sorted(catalogue.load())), None]

    def test_nothing_keeps_an_editor_from_proposing_keys(self) -> None:
        """The YAML language server counts the key being typed, and proposes nothing where `maxProperties` is reached by it."""
        assert [part for part in subschemas(WITH_FUNCTIONS) if "maxProperties" in part and "properties" in part] == []

    def test_a_text_that_does_not_fit_is_told_what_is_wanted(self) -> None:
        silent = [part for part in subschemas(PLAIN) if isinstance(part.get("pattern"), str) and not part.get("patternErrorMessage")]

        assert silent == []

    def test_every_reference_leads_somewhere_and_every_part_is_referred_to(self) -> None:
        named = {part["$ref"].removeprefix("#/$defs/") for part in subschemas(WITH_FUNCTIONS) if isinstance(part.get("$ref"), str)}

        assert named == WITH_FUNCTIONS["$defs"].keys()

    def test_the_published_copy_is_what_is_generated(self) -> None:
        assert json.loads(PUBLISHED.read_text(encoding="utf-8")) == WITH_FUNCTIONS, "run: parley schema > docs/schema/" + PUBLISHED.name


def _words(schema: dict[str, Any]) -> bool:
    return bool(schema.get("description"))


def _has_whole_float(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_has_whole_float(inner) for inner in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value.is_integer()
