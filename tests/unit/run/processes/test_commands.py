"""`run: script` and `run: shell` as definitions see them."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from pathlib import Path
from typing import Any

import pytest

import graphs.run as run
from dsl import read
from graphs.run.processes import LocalProcesses
from tests.unit.dsl.official import must_be_there
from tests.unit.run.harness import Runs, World
from tests.unit.run.processes.programs import Make, alive, error, needs_node, output, python, shell, until_alive

EXAMPLES = Path(__file__).parents[5] / "shared" / "conformance" / "examples"


class TestPermission:
    @pytest.mark.parametrize(
        ("kind", "task"),
        [
            ("shell", shell("touch /tmp/x")),
            ("script", python("1")),
            ("container", {"run": {"container": {"image": "alpine"}}}),
        ],
    )
    async def test_what_is_not_named_in_the_setting_is_refused(self, runs: Runs, make: Make, kind: str, task: dict[str, Any]) -> None:
        others = make(allowed=frozenset({"script", "shell", "container"}) - {kind})

        for processes in (None, others):
            type_, status, title, detail = await error(runs, processes, task)

            assert (type_, status, title) == ("authorization", 403, "Not Allowed")
            assert f"PARLEY_RUN_ALLOW={kind}" in detail
            assert [row.kind for row in runs.journal.rows if row.path == "/do/0/it"] == ["step"]  # nothing was about to happen


class TestShell:
    async def test_outputs_what_it_wrote_without_the_last_line_end(self, runs: Runs, processes: LocalProcesses) -> None:
        assert await output(runs, processes, shell("printf 'a\\n\\n'; echo nothing >&2")) == "a\n"

    async def test_json_stays_text(self, runs: Runs, processes: LocalProcesses) -> None:
        assert await output(runs, processes, shell("""echo '{"a": 1}'""")) == '{"a": 1}'

    async def test_takes_stdin_arguments_and_environment_from_expressions(self, runs: Runs, processes: LocalProcesses) -> None:
        task = shell(
            'cat; echo; echo "$1|$2|$3|$#"; echo "$NAME|$ON|$GONE|"',
            stdin="${ .who }",
            arguments=["${ .who.name }", "two words; $(id)", "${ .n }"],
            environment={"NAME": "${ .who.name }", "ON": True, "GONE": None},
        )

        assert await output(runs, processes, task, {"who": {"name": "Ada"}, "n": 4}) == (
            '{"name":"Ada"}\nAda|two words; $(id)|4|3\nAda|true||'
        )

    @pytest.mark.parametrize(
        ("returns", "expected"),
        [
            ("stdout", "out"),
            ("stderr", "err"),
            ("code", 3),
            ("all", {"code": 3, "stdout": "out", "stderr": "err"}),
            ("none", None),
        ],
    )
    async def test_an_exit_code_is_data(self, runs: Runs, processes: LocalProcesses, returns: str, expected: Any) -> None:
        assert await output(runs, processes, shell("echo out; echo err >&2; exit 3", **{"return": returns})) == expected

    async def test_a_signal_is_a_code_as_in_a_shell(self, runs: Runs, processes: LocalProcesses) -> None:
        assert await output(runs, processes, shell("kill -KILL $$", **{"return": "code"})) == 137

    async def test_an_expression_may_make_the_command(self, runs: Runs, processes: LocalProcesses) -> None:
        assert await output(runs, processes, shell('${ "echo " + .word }'), {"word": "hi"}) == "hi"

    async def test_in_loose_evaluation_a_command_is_no_expression(self, runs: Runs, processes: LocalProcesses) -> None:
        task = shell("env | grep -c HOME")

        outcome = await runs.start([{"it": task}], top={"evaluate": {"mode": "loose"}}, processes=processes)

        assert outcome.output == "1"

    @pytest.mark.parametrize("more", [{"environment": {"A=B": "1"}}, {"arguments": ["a\0b"]}, {"arguments": ["${ .nobody | error }"]}])
    async def test_what_no_program_can_be_given_is_an_expression_error(
        self, runs: Runs, processes: LocalProcesses, more: dict[str, Any]
    ) -> None:
        assert (await error(runs, processes, shell("echo", **more)))[:2] == ("expression", 400)


class TestScripts:
    async def test_python_has_its_arguments_from_one_on(self, runs: Runs, processes: LocalProcesses) -> None:
        code = "import sys, os\nprint(sys.argv[1:], sys.stdin.read(), os.environ['A'])"

        assert await output(runs, processes, python(code, arguments=["x", "y"], stdin="in", environment={"A": "é"})) == "['x', 'y'] in é"

    async def test_python_does_not_have_the_packages_of_parley(self, runs: Runs, processes: LocalProcesses) -> None:
        code = "import importlib.util, sys\nprint([n for n in ('graphs', 'app', 'langgraph') if importlib.util.find_spec(n)])"

        assert await output(runs, processes, python(code)) == "[]"

    @needs_node
    @pytest.mark.parametrize("language", ["js", "javascript", "JavaScript"])
    async def test_javascript_is_a_module_and_its_first_argument_the_third_word(
        self, runs: Runs, processes: LocalProcesses, language: str
    ) -> None:
        code = "import { readFileSync } from 'node:fs';\nconsole.log(process.argv[2], readFileSync(process.stdin.fd, 'utf8'), await 4);"
        task = {"run": {"script": {"language": language, "code": code, "arguments": ["first"], "stdin": "in"}}}

        assert await output(runs, processes, task) == "first in 4"

    async def test_javascript_without_node_says_so(self, runs: Runs, processes: LocalProcesses, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", "/nowhere")

        type_, status, title, detail = await error(runs, processes, {"run": {"script": {"language": "js", "code": "1"}}})

        assert (type_, status, title) == ("configuration", 400, "Not Installed")
        assert "install it" in detail

    async def test_code_from_elsewhere_is_fetched(self, runs: Runs, world: World, processes: LocalProcesses) -> None:
        world.on("/s.py", lambda _request: (200, {}, b"print('from afar')"))
        task = {"run": {"script": {"language": "python", "source": {"endpoint": f"{world.url}/s.py"}}}}

        assert await output(runs, processes, task) == "from afar"

    @pytest.mark.parametrize("name", ["run-shell-stdin-and-arguments", "run-script-with-stdin-and-arguments"])
    async def test_the_examples_of_the_specification(self, runs: Runs, processes: LocalProcesses, name: str) -> None:
        must_be_there()
        if "script" in name and shutil.which("node") is None:
            pytest.skip("there is no node here")
        runs.fresh(processes=processes)
        runs.definition = read((EXAMPLES / f"{name}.yaml").read_text()).data

        outcome = await runs.go_on()

        assert (
            outcome.output
            == {
                "run-shell-stdin-and-arguments": "STDIN was: Hello World\nARGS are Foo Bar",
                "run-script-with-stdin-and-arguments": "stdin >  Hello Workflow\narg >  hello\nenv >  bar",
            }[name]
        )


class TestTimeAndSize:
    async def test_the_timeout_of_the_task_ends_it(self, runs: Runs, processes: LocalProcesses) -> None:
        type_, status, *_ = await error(runs, processes, shell("sleep 60", timeout={"after": {"milliseconds": 300}}))

        assert (type_, status) == ("timeout", 408)

    async def test_without_one_the_setting_does(self, runs: Runs, make: Make) -> None:
        type_, status, _, detail = await error(runs, make(timeout_s=0.3), shell("sleep 60"))

        assert (type_, status) == ("timeout", 408)
        assert detail == "the command `sleep 60`: it did not end within 0.3 s, and was ended"

    async def test_endless_output_is_an_error_of_its_own(self, runs: Runs, make: Make) -> None:
        type_, status, title, detail = await error(runs, make(output_bytes=100_000), shell("yes"))

        assert (type_, status, title) == ("runtime", 500, "Output Too Large")
        assert "more than 100000 bytes to stdout" in detail

    async def test_no_more_than_allowed_run_at_once(self, runs: Runs, make: Make, tmp_path: Path) -> None:
        branches = [{f"b{n}": shell("date +%s%N; sleep 0.1; date +%s%N")} for n in range(3)]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}], processes=make(at_once=1))

        assert outcome.status == "completed", outcome.error
        spans = sorted(tuple(map(int, text.split())) for text in outcome.output)
        assert all(earlier[1] <= later[0] for earlier, later in itertools.pairwise(spans))

    async def test_one_whose_turn_does_not_come_says_so(self, runs: Runs, make: Make) -> None:
        branches = [{"a": shell("sleep 66.6", timeout={"after": "PT1S"})}, {"b": shell("true")}]
        both = {"f": {"try": [{"g": {"fork": {"branches": branches}}}], "catch": {"as": "e"}}}

        outcome = await runs.start([both], processes=make(at_once=1, timeout_s=0.3))

        details = [row.error["detail"] for row in runs.journal.rows if row.error and "/b" in row.path]
        assert outcome.status == "completed"
        assert details == ["the command `true`: it did not begin within 0.3 s: 1 others were running (PARLEY_RUN_CONCURRENCY)"]


class TestNotAwaited:
    async def test_gives_the_input_and_goes_on(self, runs: Runs, make: Make, world: World) -> None:
        processes = make(network=True)
        world.json("/done", "{}")
        code = f"import urllib.request\nurllib.request.urlopen('{world.url}/done')"

        assert await output(runs, processes, python(code, **{"await": False}), {"n": 1}) == {"n": 1}
        await processes.aclose(10.0)

        assert world.seen("/done") == 1

    async def test_ends_with_the_process_that_began_it(self, runs: Runs, make: Make) -> None:
        processes = make()

        assert await output(runs, processes, shell("sleep 60", **{"await": False}), {"n": 1}) == {"n": 1}
        async with asyncio.timeout(10):
            await processes.aclose()


class TestKills:
    async def test_cut_before_its_result_was_stored_it_stops_at_outcome_unknown(self, runs: Runs, processes: LocalProcesses) -> None:
        await runs.kill_when(
            lambda: "/do/0/it" in {row.path for row in runs.journal.rows}, [{"it": shell("sleep 60")}], processes=processes
        )

        outcome = await runs.after_kill()

        assert outcome.status == "waiting"
        assert [one.kind for one in outcome.awaited] == ["outcome-unknown"]
        assert "the command `sleep 60`" in str(outcome.awaited[0].form)

    @pytest.mark.parametrize(("happened", "expected"), [(True, "seen"), (False, "again")])
    async def test_a_person_decides(self, runs: Runs, processes: LocalProcesses, happened: bool, expected: str) -> None:
        task = shell('[ -e /tmp/x ] || echo again; test -n "$1" || sleep 60', arguments=["${ .go }"])
        await runs.kill_when(lambda: bool(runs.journal.rows), [{"it": task}], {"go": ""}, processes=processes)
        runs.definition["do"][0]["it"]["run"]["shell"]["arguments"] = ["now"]
        await runs.after_kill()

        runs.mailbox.answer("/do/0/it", {"happened": happened, "output": "seen"})
        outcome = await runs.go_on()

        assert outcome.output == expected

    async def test_declared_idempotent_it_is_simply_repeated(self, runs: Runs, processes: LocalProcesses, tmp_path: Path) -> None:
        waiting = shell("sleep 60", metadata={"parley": {"idempotent": True}})
        runs.fresh(processes=processes)
        ready = {"first": {"set": {"x": 1}}}
        await runs.kill_when(lambda: bool(runs.journal.rows), [ready, {"it": waiting}], processes=processes)
        runs.definition["do"][1]["it"]["run"]["shell"]["command"] = "echo again"

        outcome = await runs.after_kill()

        assert outcome.output == "again"

    async def test_one_that_nobody_waits_for_is_begun_once(self, runs: Runs, processes: LocalProcesses, world: World) -> None:
        free = asyncio.Event()

        async def answer() -> Any:
            await free.wait()
            return 200, {}, b"{}"

        world.on("/hang", lambda _request: answer())
        do = [
            {"it": shell("true", **{"await": False})},
            {"hang": {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/hang"}}},
        ]
        await runs.kill_when(lambda: world.seen("/hang") == 1, do, processes=processes)
        started: list[Any] = []
        processes.start = lambda *given: started.append(given)  # type: ignore[method-assign]  # only to see that it is not called
        free.set()

        outcome = await runs.after_kill()

        assert outcome.status == "completed"
        assert started == []
        assert [row.kind for row in runs.journal.rows if row.path == "/do/0/it"] == ["intent", "step"]


class TestEnding:
    async def test_a_lost_race_ends_the_program(self, runs: Runs, processes: LocalProcesses, tmp_path: Path) -> None:
        branches = [{"slow": shell("sleep 61.7")}, {"quick": shell("true")}]

        outcome = await runs.start([{"f": {"fork": {"compete": True, "branches": branches}}}], processes=processes)

        assert outcome.status == "completed"
        assert not alive("61.7")

    async def test_a_timeout_ends_what_it_has_started_too(self, runs: Runs, processes: LocalProcesses) -> None:
        command = "trap '' TERM; (trap '' TERM; setsid sleep 62.9) & sleep 62.9"

        assert (await error(runs, processes, shell(command, timeout={"after": {"milliseconds": 400}})))[:2] == ("timeout", 408)
        assert not alive("62.9")

    async def test_a_cancelled_run_ends_its_programs(self, runs: Runs, processes: LocalProcesses) -> None:
        runs.fresh(processes=processes)
        runs.definition = {
            "document": {"dsl": "1.0.3", "namespace": "n", "name": "n", "version": "1.0.0"},
            "do": [{"it": shell("sleep 63.3")}],
        }
        task = asyncio.create_task(runs.go_on())
        await until_alive("63.3")
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert not alive("63.3")


def test_the_names_of_languages_are_checked_when_compiling() -> None:
    document = {"dsl": "1.0.3", "namespace": "n", "name": "n", "version": "1.0.0"}
    with pytest.raises(Exception, match="cobol"):
        run.compile({"document": document, "do": [{"a": {"run": {"script": {"language": "cobol", "code": ""}}}}]}, {})
