"""Every example is complete, written with care, and valid by the official schema and by our own check."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

import dsl
from graphs import catalogue
from tests.examples.cases import ALL, EXAMPLES, NAMES, ROOT, Example
from tests.world import World
from tests.world.yaml_text import read_yaml

SCHEMA = ROOT.parent / "shared" / "conformance" / "workflow.schema.yaml"
EVERY = pytest.mark.parametrize("example", ALL, ids=NAMES)


@pytest.fixture(scope="module")
def official() -> jsonschema.Draft202012Validator:
    if not SCHEMA.exists():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the conformance folder is missing: {SCHEMA}")
        pytest.skip(f"the conformance folder is not here: {SCHEMA}")
    return jsonschema.Draft202012Validator(read_yaml(SCHEMA.read_text(encoding="utf-8")))


def definitions(example: Example) -> list[dict[str, Any]]:
    return [example.definition, *example.children.values()]


def tasks(items: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every task of a task list with its name, those inside others included."""
    for item in items:
        for name, task in item.items():
            yield name, task
            inner = [task.get("do"), task.get("try"), task.get("catch", {}).get("do"), task.get("fork", {}).get("branches")]
            for block in inner:
                yield from tasks(block or [])


def test_there_are_at_least_eight_and_the_readme_has_a_line_for_each() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", (EXAMPLES / "README.md").read_text(encoding="utf-8"), re.MULTILINE)

    assert sorted(rows) == NAMES
    assert len(NAMES) >= 8


@EVERY
class TestDefinition:
    def test_the_official_schema_accepts_it(self, example: Example, official: jsonschema.Draft202012Validator) -> None:
        found = [f"{error.json_path}: {error.message}" for data in definitions(example) for error in official.iter_errors(data)]

        assert found == []

    def test_our_check_finds_nothing_to_say(self, example: Example) -> None:
        functions = catalogue.load()
        texts = [example.definition_text, *(path.read_text(encoding="utf-8") for path in example.folder.glob("workflows/*.yaml"))]

        assert [str(problem) for text in texts for problem in dsl.examine(text, functions, workflows=example.children).problems] == []

    def test_every_task_has_a_title_for_people(self, example: Example) -> None:
        untitled = [
            name
            for data in definitions(example)
            for name, task in tasks(data["do"])
            if not task.get("metadata", {}).get("parley", {}).get("title")
        ]

        assert untitled == []

    def test_it_has_title_and_summary_and_the_name_of_its_folder(self, example: Example) -> None:
        document = example.definition["document"]

        assert document["name"] == example.name
        assert document["title"]
        assert document["summary"].endswith(".")

    def test_no_address_of_this_machine_is_written_into_it(self, example: Example) -> None:
        assert re.findall(r"localhost|127\.0\.0\.1|:\d{4,5}\b", example.definition_text) == []


@EVERY
class TestCompany:
    def test_its_world_expects_something(self, example: Example) -> None:
        assert World.load(example.world).description.expect != []

    def test_input_and_expected_output_are_there(self, example: Example) -> None:
        assert example.read("input.json") is not None
        assert set(example.expected) <= {"status", "output", "events", "notices"}
        assert {"status", "output"} <= set(example.expected)

    def test_the_conversation_begins_with_a_wish_and_ends_with_a_decision(self, example: Example) -> None:
        text = (example.folder / "conversation.md").read_text(encoding="utf-8")
        head, body = re.fullmatch(r"---\n(.*?)\n---\n(.*)", text, re.DOTALL).groups()  # type: ignore[union-attr]
        turns = re.findall(r"^\*\*(You|Parley):\*\* (.+)$", body, re.MULTILINE)

        assert read_yaml(head)["title"] == example.definition["document"]["title"]
        assert [who for who, _ in turns] == ["You", "Parley"] * (len(turns) // 2) + ["You"]
        assert turns[-1][1] in ("Approve", "Approve and run")

    def test_script_and_people_fit(self, example: Example) -> None:
        """Whoever is asked answers: `approve` and `ask` tasks are those the script answers."""
        asked = [name for name, task in tasks(example.definition["do"]) if str(task.get("call")).startswith(("approve:", "ask:"))]

        assert sorted(reference.rsplit("/", 1)[1] for reference in example.people) == sorted(asked)
