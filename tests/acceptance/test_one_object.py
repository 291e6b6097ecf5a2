"""With `--json`, stdout is one JSON object and nothing else; logs and progress go to stderr."""

from __future__ import annotations

import json

from tests.acceptance import definitions
from tests.acceptance.conftest import Parley

WISH = "Every weekday at 9 fetch https://shop.example.com/orders, keep the ones where total is above 100, then post them to https://desk.example.com/report"


class TestAuthor:
    def test_the_definition_it_prints_is_valid(self, parley: Parley) -> None:
        done = parley("author", WISH, "--yes-to-defaults", "--json")

        assert done.code == 0, done.err
        assert done.json.keys() >= {"definition", "problems", "effects", "assumptions", "questions", "usage"}
        parley.write("written.yaml", done.json["definition"])
        assert parley("validate", "written.yaml", "--json").json["valid"] is True

    def test_for_a_person_it_prints_a_definition_that_can_be_piped_into_a_file(self, parley: Parley) -> None:
        done = parley("author", WISH, "--yes-to-defaults")

        parley.write("written.yaml", done.out)
        assert parley("validate", "written.yaml").code == 0


class TestSchema:
    def test_it_is_one_object_and_a_file_for_editors(self, parley: Parley) -> None:
        done = parley("schema", "--json")

        assert done.code == 0, done.err
        assert done.json == json.loads(parley("schema").out)


class TestRunEphemeral:
    def test_a_run_that_completes_is_exit_0(self, parley: Parley) -> None:
        parley.write("hello.yaml", definitions.HELLO)

        done = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--ephemeral", "--json")

        assert done.code == 0, done.err
        assert {key: done.json[key] for key in ("status", "output", "error")} == {
            "status": "completed",
            "output": {"greeting": "Hello Ada"},
            "error": None,
        }
        assert done.json["run_id"]

    def test_nothing_is_kept(self, parley: Parley) -> None:
        parley.write("hello.yaml", definitions.HELLO)

        parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--ephemeral", "--json")

        assert not parley.home.exists()

    def test_progress_stays_on_stderr(self, parley: Parley) -> None:
        parley.write("hello.yaml", definitions.HELLO)

        done = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--ephemeral", "--follow", "--json")

        assert done.json["status"] == "completed"
        assert "/do/0/greet" in done.err

    def test_one_that_waits_for_a_person_is_exit_3(self, parley: Parley) -> None:
        parley.write("agree.yaml", definitions.ask_a_person())

        done = parley("run", "agree.yaml", "--ephemeral", "--json")

        assert (done.code, done.json["status"], done.json["output"], done.json["error"]) == (3, "waiting", None, None)

    def test_for_a_person_the_output_alone_is_printed(self, parley: Parley) -> None:
        parley.write("hello.yaml", definitions.HELLO)

        done = parley("run", "hello.yaml", "--input", '{"name": "Ada"}', "--ephemeral")

        assert json.loads(done.out) == {"greeting": "Hello Ada"}


class TestOthers:
    def test_doctor_on_a_fresh_machine(self, parley: Parley) -> None:
        done = parley("doctor", "--json", PORT="0")

        names = [check["name"] for check in done.json["checks"]]
        assert names[:4] == ["Python", "Home", "Database", "pgvector"]
        assert [check for check in done.json["checks"] if check["status"] == "missing"] == []
        assert (done.code, done.json["ok"]) == (0, True)
        assert not parley.home.exists()

    def test_graph_and_catalog(self, parley: Parley) -> None:
        parley.write("hello.yaml", definitions.HELLO)

        assert parley("graph", "hello.yaml", "--json").json["format"] == "outline"
        assert "approve" in [function["name"] for function in parley("catalog", "--json").json["functions"]]
        assert parley("catalog", "approve", "--json").json["person"] is True
