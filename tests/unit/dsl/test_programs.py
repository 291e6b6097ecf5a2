"""`run` of scripts, commands and containers, as people read it; and code, whose `${` is its own."""

from __future__ import annotations

from typing import Any

import pytest

import dsl


def examined(task: dict[str, Any]) -> dsl.Examined:
    document = {"dsl": "1.0.3", "namespace": "test", "name": "programs", "version": "1.0.0"}
    return dsl.examine({"document": document, "do": [{"it": task}]}, {})


@pytest.mark.parametrize(
    ("run", "words"),
    [
        ({"shell": {"command": "ls\n  -la"}}, "the command `ls -la`"),
        ({"shell": {"command": "echo `id`"}}, "the command `echo 'id'`"),
        ({"shell": {"command": "x" * 130}}, f"the command `{'x' * 120}…`"),
        ({"shell": {"command": "${ .cmd }"}}, "a command from the data: cmd"),
        ({"script": {"language": "js", "code": "1"}}, "a script in JavaScript"),
        (
            {"script": {"language": "python", "source": {"endpoint": "https://x.example/s.py"}}},
            "a script in Python from https://x.example/s.py",
        ),
        (
            {"script": {"language": "python", "source": {"endpoint": {"uri": "https://x.example/"}}}},
            "a script in Python from https://x.example/",
        ),
        ({"container": {"image": "alpine"}}, "a container of alpine"),
        ({"container": {"image": "alpine", "command": "ls"}}, "a container of alpine with the command `ls`"),
    ],
)
def test_the_card_says_what_is_run(run: dict[str, Any], words: str) -> None:
    found = examined({"run": run})

    assert [(effect.kind, effect.target) for effect in found.effects] == [("unknown", words)]
    assert [line.text for line in dsl.outline(found.data, {})] == [f"Run {words}"]


@pytest.mark.parametrize(
    "run",
    [
        {"shell": {"command": 'echo "${HOME}" ${X:-1}'}},
        {"script": {"language": "js", "code": "console.log(`${process.argv[2]} and ${1 + 1}`)"}},
        {"container": {"image": "alpine", "command": "echo ${HOME} x"}},
    ],
)
def test_code_keeps_its_own_dollars(run: dict[str, Any]) -> None:
    assert examined({"run": run}).problems == ()


def test_an_expression_inside_code_is_warned_of() -> None:
    (problem,) = examined({"run": {"shell": {"command": 'echo "Hello, ${ .user.name }"'}}}).problems

    assert (problem.code, problem.severity, problem.reference) == ("mixed-expression", "warning", "/do/0/it/run/shell/command")
    assert "${ .user.name }" in problem.hint


def test_elsewhere_in_the_task_it_is_an_error_as_everywhere() -> None:
    (problem,) = examined({"run": {"shell": {"command": "ls", "arguments": ["a ${ .x } b"]}}}).problems

    assert (problem.code, problem.severity, problem.reference) == ("mixed-expression", "error", "/do/0/it/run/shell/arguments/0")
