"""`run: container` against a stand-in for an engine's command (`fake_engine.py`): what it is told, and what is made of its answer."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dsl import read
from graphs.run.processes import LocalProcesses
from tests.unit.run.harness import Runs
from tests.unit.run.processes.programs import Make, error, output

EXAMPLES = Path(__file__).parents[5] / "shared" / "conformance" / "examples"


class Engine:
    def __init__(self, folder: Path) -> None:
        self.path = folder / "engine"
        self.state = folder / "state"
        self.state.mkdir()
        source = Path(__file__).with_name("fake_engine.py").read_text()
        self.path.write_text(f"#!{sys.executable}\n{source}")
        self.path.chmod(0o755)

    def calls(self, verb: str) -> list[dict[str, Any]]:
        lines = (self.state / "calls").read_text().splitlines() if (self.state / "calls").exists() else []
        return [call for call in map(json.loads, lines) if call["verb"] == verb]

    @property
    def containers(self) -> list[str]:
        return sorted(path.stem for path in self.state.glob("*.json"))

    def has(self, name: str, remove_after: datetime) -> None:
        labels = [f"parley.remove-after={remove_after.isoformat(timespec='seconds')}"]
        (self.state / f"{name}.json").write_text(json.dumps({"name": name, "labels": labels}))


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    return Engine(tmp_path)


@pytest.fixture
def processes(make: Make, engine: Engine) -> LocalProcesses:
    return make(engine=str(engine.path))


def container(image: str = "echo", **more: Any) -> dict[str, Any]:
    top = {key: more.pop(key) for key in ("timeout",) if key in more}
    beside = {key: more.pop(key) for key in ("return", "await") if key in more}
    return {"run": {"container": {"image": image, **more}, **beside}, **top}


async def until(moment: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not moment():  # noqa: ASYNC110 (another process)
            await asyncio.sleep(0.01)


class TestWhatTheEngineIsTold:
    async def test_image_arguments_stdin_and_environment(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        task = container(arguments=["a", "-b", "${ .c }"], stdin="${ . }", environment={"TOKEN": "${ .c }", "PATH": "/x"})

        said = json.loads(await output(runs, processes, task, {"c": "see"}))

        assert said == {"arguments": ["a", "-b", "see"], "environment": {"TOKEN": "see", "PATH": "/x"}, "stdin": '{"c":"see"}'}
        options = engine.calls("run")[0]["options"]
        assert options["--env"] == ["TOKEN", "PATH=/x"]  # a value is no business of a process list, where that can be helped
        assert options["--network"] == ["none"]
        assert options["--security-opt"] == ["no-new-privileges"]
        assert options["--pull"] == ["missing"]

    async def test_a_command_is_for_its_shell(self, runs: Runs, processes: LocalProcesses) -> None:
        task = container(
            "sh", command='input=$(cat)\necho "STDIN was: $input"\necho "ARGS are $1 $2"', arguments=["Foo", "Bar"], stdin="hi"
        )

        assert await output(runs, processes, task) == "STDIN was: hi\nARGS are Foo Bar"

    @pytest.mark.parametrize(("policy", "told"), [("ifNotPresent", "missing"), ("always", "always"), ("never", "never")])
    async def test_the_pull_policy(self, runs: Runs, processes: LocalProcesses, engine: Engine, policy: str, told: str) -> None:
        await output(runs, processes, container(pullPolicy=policy))

        assert engine.calls("run")[0]["options"]["--pull"] == [told]

    async def test_the_recommended_name_and_our_labels(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        await output(runs, processes, container())

        options = engine.calls("run")[0]["options"]
        assert re.fullmatch(r"tested-[0-9a-f-]{36}\.test-it", options["--name"][0])
        assert "parley.step=/do/0/it" in options["--label"]

    async def test_a_name_may_be_an_expression(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        await output(runs, processes, container(name='${ "hello-" + $task.name }'))

        assert engine.containers == ["hello-it"]

    async def test_ports_and_volumes_where_allowed(self, runs: Runs, make: Make, engine: Engine, tmp_path: Path) -> None:
        allowed = tmp_path / "data"
        (allowed / "in").mkdir(parents=True)
        processes = make(engine=str(engine.path), network=True, volumes=(str(allowed),))

        await output(runs, processes, container(ports={"8080": 80}, volumes={f"{allowed}/in": "/in:ro"}))

        options = engine.calls("run")[0]["options"]
        assert options["--publish"] == ["127.0.0.1:8080:80"]
        assert options["--volume"] == [f"{allowed}/in:/in:ro"]
        assert "--network" not in options

    async def test_none_of_our_settings(
        self, runs: Runs, processes: LocalProcesses, engine: Engine, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PARLEY_ENCRYPTION_KEY", "tweet")

        await output(runs, processes, container())

        assert engine.calls("run")[0]["parley"] == []


class TestRefusals:
    @pytest.mark.parametrize("given", ["/etc", "{allowed}/../other", "{allowed}/link", "relative"])
    async def test_other_folders_of_this_machine(self, runs: Runs, make: Make, engine: Engine, tmp_path: Path, given: str) -> None:
        allowed = tmp_path / "data"
        allowed.mkdir()
        (allowed / "link").symlink_to("/etc")
        processes = make(engine=str(engine.path), volumes=(str(allowed),))

        type_, status, _, detail = await error(runs, processes, container(volumes={given.format(allowed=allowed): "/in"}))

        assert (type_, status) == ("authorization", 403)
        assert "PARLEY_CONTAINER_VOLUMES" in detail
        assert engine.calls("run") == []

    async def test_ports_without_a_network(self, runs: Runs, processes: LocalProcesses) -> None:
        type_, status, _, detail = await error(runs, processes, container(ports={"8080": 80}))

        assert (type_, status) == ("authorization", 403)
        assert "PARLEY_RUN_NETWORK" in detail

    @pytest.mark.parametrize(
        "more",
        [{"image": "--privileged"}, {"name": "a b"}, {"ports": {"80": "x"}}, {"volumes": {"/a": "b"}}, {"volumes": {"/a": "/b:rw:z"}}],
    )
    async def test_what_would_be_read_as_something_else(
        self, runs: Runs, processes: LocalProcesses, engine: Engine, more: dict[str, Any]
    ) -> None:
        assert (await error(runs, processes, container(**{"image": "echo", **more})))[:2] == ("expression", 400)
        assert engine.calls("run") == []

    async def test_an_engine_that_is_not_there(self, runs: Runs, make: Make) -> None:
        type_, _, title, detail = await error(runs, make(engine="no-such-engine"), container())

        assert (type_, title) == ("configuration", "Not Installed")
        assert "PARLEY_CONTAINER_ENGINE" in detail

    async def test_what_the_engine_says_when_it_cannot(self, runs: Runs, processes: LocalProcesses) -> None:
        type_, status, title, detail = await error(runs, processes, container("broken"))

        assert (type_, status, title) == ("runtime", 500, "Not Started")
        assert "pull access denied for broken" in detail


class TestResults:
    @pytest.mark.parametrize(
        ("returns", "expected"),
        [("code", 3), ("stderr", "no"), ("none", None), ("all", {"code": 3, "stdout": "yes", "stderr": "no"}), ("stdout", "yes")],
    )
    async def test_what_is_given_back(self, runs: Runs, processes: LocalProcesses, returns: str, expected: Any) -> None:
        task = container("sh", command="echo yes; echo no >&2; exit 3", **{"return": returns})

        assert await output(runs, processes, task) == expected


class TestLifetime:
    async def test_it_stays_unless_it_is_to_go(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        await output(runs, processes, container(name="stays"))
        await output(runs, processes, container(name="goes", lifetime={"cleanup": "always"}))

        assert engine.containers == ["stays"]

    async def test_eventually_is_after_a_while(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        lifetime = {"cleanup": "eventually", "after": {"milliseconds": 200}}
        await output(runs, processes, container(name="goes", lifetime=lifetime))
        assert engine.containers == ["goes"]

        await until(lambda: not engine.containers)

    async def test_what_an_earlier_process_was_to_remove_is_removed(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        now = datetime.now(UTC)
        engine.has("old", now - timedelta(minutes=1))
        engine.has("young", now + timedelta(minutes=10))

        await output(runs, processes, container(name="own"))

        await until(lambda: engine.containers == ["own", "young"])

    async def test_a_timeout_ends_and_removes_it(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        task = container("sleep", name="slow", lifetime={"cleanup": "always"}, timeout={"after": {"seconds": 1}})

        assert (await error(runs, processes, task))[:2] == ("timeout", 408)

        await until(lambda: not engine.containers)

    async def test_a_timeout_of_one_that_is_kept_ends_it(self, runs: Runs, processes: LocalProcesses, engine: Engine) -> None:
        assert (await error(runs, processes, container("sleep", name="slow", timeout={"after": {"seconds": 1}})))[0] == "timeout"

        await until(lambda: bool(engine.calls("kill")))
        assert engine.containers == ["slow"]


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in EXAMPLES.glob("run-*.yaml") if "container:" in path.read_text()) if EXAMPLES.exists() else []
)
async def test_the_examples_of_the_specification(runs: Runs, processes: LocalProcesses, engine: Engine, name: str) -> None:
    runs.fresh(processes=processes)
    runs.definition = read((EXAMPLES / f"{name}.yaml").read_text()).data

    outcome = await runs.go_on()

    assert outcome.status == "completed", outcome.error
    if name == "run-container-with-name":  # it reads `.workflow` and `.task` of the data, which has neither
        assert engine.calls("run")[0]["options"]["--name"] == ["hello-null-null-null"]
