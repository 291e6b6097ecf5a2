"""Bad input, as people give it: a clear message with the place, no traceback, the right exit code, and nothing changed."""

from __future__ import annotations

import pytest

from tests.acceptance import definitions
from tests.acceptance.conftest import Parley
from tests.world import World

MISTAKES = {  # text, code of the problem, line it is reported at, what the message quotes
    "a tab": (definitions.WITH_A_TAB, "tab", 8, "a tab stands where YAML wants spaces"),
    "an unknown task type": (definitions.UNKNOWN_TASK, "unknown-task", 8, "did you mean 'set'?"),
    "then to nowhere": (definitions.THEN_TO_NOWHERE, "unknown-target", 10, "did you mean 'ship'?"),
    "a jq syntax error": (definitions.JQ_SYNTAX, "expression-syntax", 9, ".name |"),
}


@pytest.mark.parametrize(("text", "code", "line", "quoted"), MISTAKES.values(), ids=MISTAKES.keys())
class TestMistakesInADefinition:
    def test_validate_prints_file_line_and_column_as_a_compiler_does(
        self, parley: Parley, text: str, code: str, line: int, quoted: str
    ) -> None:
        parley.write("orders.yaml", text)

        done = parley("validate", "orders.yaml")

        assert done.code == 1
        found = [said for said in done.out.splitlines() if said.startswith(f"orders.yaml:{line}:") and said.endswith(f"[{code}]")]
        assert found, done.out
        assert ": error: " in found[0]
        assert quoted in found[0]

    def test_validate_with_json_gives_the_same_as_data(self, parley: Parley, text: str, code: str, line: int, quoted: str) -> None:
        parley.write("orders.yaml", text)

        done = parley("validate", "orders.yaml", "--json")

        assert (done.code, done.json["valid"], done.json["digest"]) == (1, False, None)
        assert (code, line) in [(problem["code"], problem["line"]) for problem in done.json["problems"]]

    def test_run_refuses_it_before_anything_starts(self, parley: Parley, text: str, code: str, line: int, quoted: str) -> None:
        parley.write("orders.yaml", text)

        done = parley("run", "orders.yaml", "--json")

        assert (done.code, done.error["code"]) == (1, "invalid-definition")
        assert done.error["where"].startswith(f"orders.yaml:{line}:")
        assert not parley.home.exists()


class TestFailuresWhileRunning:
    def test_an_endless_expression_is_stopped_and_named(self, parley: Parley) -> None:
        parley.write("orders.yaml", definitions.ENDLESS_JQ)

        done = parley("run", "orders.yaml", "--ephemeral", "--json", PARLEY_EXPRESSION_TIMEOUT_S="0.5")

        assert (done.code, done.json["status"]) == (1, "faulted")
        assert done.json["error"]["instance"].startswith("/do/0/think")
        assert "0.5 s" in done.json["error"]["detail"]

    def test_an_endpoint_that_refuses_is_named_with_its_task(self, parley: Parley) -> None:
        port = definitions.closed_port()
        parley.write("orders.yaml", definitions.get(f"http://127.0.0.1:{port}/orders"))

        done = parley("run", "orders.yaml", "--ephemeral", "--json")

        assert (done.code, done.json["status"]) == (1, "faulted")
        assert done.json["error"]["type"].endswith("/communication")
        assert done.json["error"]["instance"].startswith("/do/0/fetch")
        assert str(port) in done.json["error"]["detail"]

    def test_a_500_keeps_its_status(self, parley: Parley) -> None:
        world = World.load(
            {"services": {"shop": {"routes": [{"request": "GET /orders", "answer": {"status": 500, "json": {"oh": "no"}}}]}}}
        )
        with world.thread() as base_url:
            parley.write("orders.yaml", definitions.get(f"{base_url}/orders"))

            done = parley("run", "orders.yaml", "--ephemeral", "--json")

        assert (done.code, done.json["status"], done.json["error"]["status"]) == (1, "faulted", 500)
        assert done.json["error"]["instance"].startswith("/do/0/fetch")

    def test_for_a_person_it_says_what_where_and_why(self, parley: Parley) -> None:
        parley.write("orders.yaml", definitions.get(f"http://127.0.0.1:{definitions.closed_port()}/orders"))

        done = parley("run", "orders.yaml", "--ephemeral")

        assert done.code == 1
        assert done.out.splitlines()[:3] == [
            "faulted, and nothing was kept (--ephemeral)",
            "  “fetch” failed: No answer: connection refused",
            "  where: orders.yaml:8, /do/0/fetch",
        ]
        assert "next:  Is the service running" in done.out

    def test_an_input_that_is_needed_is_asked_for_in_its_form(self, parley: Parley) -> None:
        schema = "input:\n  schema: {document: {type: object, required: [email], properties: {email: {type: string}}}}\n"
        parley.write("needs.yaml", definitions.HELLO.replace("do:", f"{schema}do:", 1))

        done = parley("run", "needs.yaml", "--json")

        assert (done.code, done.error["code"], done.error["why"]) == (2, "invalid-input", "it needs email")
        assert done.error["next"] == """--input '{"email": "…"}', or --input @FILE"""

    def test_an_ephemeral_run_that_waits_says_that_nobody_can_go_on_with_it(self, parley: Parley) -> None:
        parley.write("agree.yaml", definitions.ask_a_person())

        done = parley("run", "agree.yaml", "--ephemeral")

        assert done.code == 3
        assert "waits for an approval: Ship it?" in done.out
        assert "Leave out --ephemeral to be asked." in done.out
        assert "parley answer" not in done.out

    def test_what_the_specification_makes_an_error_of_the_run_is_one_for_an_ephemeral_run(self, parley: Parley) -> None:
        """A variable that does not exist and a secret that is not declared can be caught, as any error of an expression."""
        tasks = "do:\n  - t: {try: [{a: {set: {x: '${ EXPRESSION }'}}}], catch: {as: e, do: [{b: {set: {status: '${ $e.status }'}}}]}}\n"
        head = definitions.HELLO.partition("do:")[0]
        parley.write("variable.yaml", head + tasks.replace("EXPRESSION", "$nope"))
        parley.write("secret.yaml", head + tasks.replace("EXPRESSION", "$secrets.nope"))

        caught = [parley("run", name, "--ephemeral", "--json").json for name in ("variable.yaml", "secret.yaml")]

        assert [one["output"] for one in caught] == [{"status": 400}, {"status": 403}]

    def test_values_of_given_secrets_are_taken_out_of_error_words_but_not_out_of_the_output(self, parley: Parley) -> None:
        """Whoever passes `--secrets` to an ephemeral run gets the workflow's true output; what is told of a fault hides the values."""
        declared = definitions.HELLO.replace("do:", "use:\n  secrets: [token]\ndo:", 1)
        parley.write("output.yaml", declared.replace(".name", "$secrets.token"))
        parley.write("fault.yaml", declared.replace(".name", "($secrets.token | error)"))
        parley.write("secrets.json", '{"token": "s3cret-value"}')

        output = parley("run", "output.yaml", "--ephemeral", "--secrets", "secrets.json", "--json")
        fault = parley("run", "fault.yaml", "--ephemeral", "--secrets", "secrets.json", "--json")

        assert (output.code, output.json["output"]) == (0, {"greeting": "Hello s3cret-value"}), output.err
        assert (fault.code, fault.json["status"]) == (1, "faulted")
        assert "s3cret-value" not in fault.out + fault.err


class TestWrongInput:
    @pytest.mark.parametrize(
        ("given", "where"),
        [("{name: Ada}", "--input, line 1 column 2"), ("", "--input, line 1 column 1"), ("@none.json", "none.json")],
    )
    def test_input_that_is_not_json_is_located(self, parley: Parley, given: str, where: str) -> None:
        parley.write("orders.yaml", definitions.HELLO)

        done = parley("run", "orders.yaml", "--input", given, "--json")

        assert (done.code, done.error["where"]) == (2, where)
        assert not parley.home.exists()

    @pytest.mark.parametrize(
        ("given", "where", "why", "to_give"),
        [
            ('{"n": "x"}', "--input, field n", "'n' must be a number, and is a text", """--input '{"n": 0}'"""),
            ('{"m": 1}', "--input", "it needs 'n'", """--input '{"m": 1, "n": 0}'"""),
            ("[1]", "--input", "it must be an object, and is a list", """--input '{"n": 0}'"""),
            (
                "@in.json",
                "--input @in.json, field n",
                "'n' must be a number, and is nothing (null)",
                "correct in.json; orders.yaml says under",
            ),
        ],
    )
    def test_input_that_does_not_fit_is_told_before_anything_starts(
        self, parley: Parley, given: str, where: str, why: str, to_give: str
    ) -> None:
        schema = "input:\n  schema:\n    document: {type: object, required: [n], properties: {n: {type: number}}}\n"
        parley.write("orders.yaml", definitions.HELLO.replace("do:\n", f"{schema}do:\n", 1))
        parley.write("in.json", '{"n": null}')

        done = parley("run", "orders.yaml", "--input", given, "--json")
        told = parley("run", "orders.yaml", "--input", given)

        assert (done.code, done.error["code"], done.error["what"]) == (2, "invalid-input", "the input does not fit the workflow")
        assert (done.error["where"], done.error["why"]) == (where, why)
        assert done.error["next"].startswith(to_give)
        assert (told.code, told.out) == (2, "")
        assert told.err.startswith("error: the input does not fit the workflow [invalid-input]")
        assert not parley.home.exists()

    def test_input_that_does_not_fit_is_the_specifications_validation_error_of_an_ephemeral_run(self, parley: Parley) -> None:
        schema = "input:\n  schema:\n    document: {type: object, required: [n], properties: {n: {type: number}}}\n"
        parley.write("orders.yaml", definitions.HELLO.replace("do:\n", f"{schema}do:\n", 1))

        done = parley("run", "orders.yaml", "--input", '{"n": "x"}', "--ephemeral", "--json")

        assert (done.code, done.json["status"], done.json["error"]["status"]) == (1, "faulted", 400)
        assert done.json["error"]["type"].endswith("/validation")
        assert "'n' must be a number, and is a text" in done.json["error"]["detail"]

    @pytest.mark.parametrize("command", ["validate", "run", "propose"])
    def test_a_missing_file_is_wrong_usage(self, parley: Parley, command: str) -> None:
        done = parley(command, "none.yaml", "--json")

        assert (done.code, done.error["code"], done.error["where"]) == (2, "no-such-file", "none.yaml")
        assert not parley.home.exists()

    def test_a_file_that_is_not_text_is_wrong_usage(self, parley: Parley) -> None:
        (parley.folder / "orders.yaml").write_bytes(b"\x80\x81\x82")

        assert parley("validate", "orders.yaml", "--json").error["code"] == "not-text"

    def test_a_setting_that_cannot_be_read_is_named(self, parley: Parley) -> None:
        done = parley("doctor", "--json", PORT="eight")

        assert done.code == 1
        assert [check for check in done.json["checks"] if check["name"] == "Settings" and "PORT" in check["detail"]]


class TestAuthoring:
    def test_a_wish_the_offline_author_does_not_understand_is_answered_with_what_it_does(self, parley: Parley) -> None:
        done = parley("author", "make me happy", "--json")

        assert (done.code, done.json["definition"]) == (1, "")
        problem, asked = done.json["problems"]
        assert problem["code"] == "not-understood"
        assert "make me happy" in problem["message"]
        assert asked["message"] == "What shall happen, step by step, with which addresses, and what starts it?"
        assert "PARLEY_MODEL" in problem["hint"]

    def test_for_a_person_that_is_said_on_stderr_and_stdout_stays_empty(self, parley: Parley) -> None:
        done = parley("author", "make me happy")

        assert (done.code, done.out) == (1, "")
        assert "make me happy" in done.err

    def test_an_unreachable_model_is_named_with_the_way_out(self, parley: Parley) -> None:
        base_url = f"http://127.0.0.1:{definitions.closed_port()}/v1"
        given = {"OPENAI_BASE_URL": base_url, "OPENAI_API_KEY": "k"}

        done = parley("author", "fetch https://example.com/a every hour", "--model", "openai:x", "--json", **given)

        assert (done.code, done.error["code"], done.error["where"]) == (1, "model-unavailable", "openai:x")
        assert base_url in done.error["why"]
        assert "OPENAI_BASE_URL" in done.error["next"]

    def test_a_model_setting_that_means_nothing_is_wrong_usage(self, parley: Parley) -> None:
        done = parley("author", "fetch https://example.com/a", "--model", "gpt", "--json")

        assert (done.code, done.error["code"]) == (2, "wrong-model")
        assert "'gpt'" in done.error["what"]

    def test_an_empty_wish_is_wrong_usage(self, parley: Parley) -> None:
        assert parley("author", "  ", "--json").code == 2
