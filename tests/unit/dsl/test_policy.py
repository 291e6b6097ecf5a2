"""Limits of whoever runs definitions."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import Policy, check
from tests.unit.dsl.definitions import a_workflow, get, put, wait

UNLIMITED = Policy(tasks=None, depth=None, branches=None, items=None, wait_s=None, interval_s=None)
SHELL = {"work": {"run": {"shell": {"command": "ls"}}}}
NESTED = {"outer": {"do": [{"middle": {"do": [wait("inner")]}}]}}
FORK = {"both": {"fork": {"branches": [wait("a"), wait("b"), wait("c")]}}}
GRPC = {
    "greet": {
        "call": "grpc",
        "with": {
            "proto": {"endpoint": "https://api.example.com/x.proto"},
            "service": {"name": "a.B", "host": "evil.example"},
            "method": "C",
        },
    }
}


def loop(source: str) -> dict[str, Any]:
    return {"each": {"for": {"in": source}, "do": [wait("rest")]}}


def found(data: dict[str, Any], policy: Policy) -> list[tuple[str, str, str]]:
    return [(problem.code, problem.reference, problem.severity) for problem in check(data, policy=policy)]


@pytest.mark.parametrize(
    ("data", "policy", "code", "reference"),
    [
        (a_workflow(wait("a"), wait("b"), wait("c")), Policy(tasks=2), "too-many-tasks", "/do/2/c"),
        (a_workflow(NESTED), Policy(depth=2), "too-deep", "/do/0/outer/do/0/middle/do"),
        (a_workflow(FORK), Policy(branches=2), "too-wide", "/do/0/both/fork/branches"),
        (a_workflow(loop("${ [1, 2, 3] }")), Policy(items=2), "too-wide", "/do/0/each/for/in"),
        (a_workflow(loop("range(3)")), Policy(items=2), "too-wide", "/do/0/each/for/in"),
        (a_workflow({"rest": {"wait": "PT1H"}}), Policy(wait_s=60), "wait-too-long", "/do/0/rest/wait"),
        (a_workflow(wait("rest", timeout={"after": {"hours": 2}})), Policy(wait_s=3600), "wait-too-long", "/do/0/rest/timeout/after"),
        (a_workflow(wait("rest"), schedule={"every": "PT1M"}), Policy(interval_s=300), "too-frequent", "/schedule/every"),
        (a_workflow(SHELL), Policy(refused=frozenset({"shell"})), "not-allowed", "/do/0/work/run/shell"),
        (a_workflow(GRPC), Policy(refused=frozenset({"grpc"})), "not-allowed", "/do/0/greet/call"),
        (a_workflow(wait("rest")), Policy(refused=frozenset({"wait"})), "not-allowed", "/do/0/rest/wait"),
        (a_workflow(get("load")), Policy(hosts=("*.example.org",)), "not-allowed", "/do/0/load/with/endpoint"),
        (a_workflow(GRPC), Policy(hosts=("*.example.com",)), "not-allowed", "/do/0/greet/with/service/host"),
    ],
)
def test_what_goes_beyond_a_limit_is_an_error_at_its_place_and_nothing_without_the_limit(
    data: dict[str, Any], policy: Policy, code: str, reference: str
) -> None:
    assert found(data, policy) == [(code, reference, "error")]
    assert found(data, UNLIMITED) == []


@pytest.mark.parametrize(
    "endpoint", ["https://api.example.com/{id}", '${ "https://api.example.com/\\(.id)" }', "https://API.example.com:8443/x"]
)
def test_a_host_that_is_written_out_is_known_even_in_an_expression(endpoint: str) -> None:
    assert found(a_workflow(get("load", endpoint)), Policy(hosts=("api.example.com",))) == []


@pytest.mark.parametrize("endpoint", ["${ .address }", "https://{region}.example.com/x", '${ "https://\\(.host)/x" }'])
def test_a_host_that_shows_only_in_a_run_is_worth_a_warning_where_hosts_are_limited(endpoint: str) -> None:
    [(code, _, severity)] = found(a_workflow(get("load", endpoint)), Policy(hosts=("api.example.com",)))

    assert (code, severity) == ("not-allowed", "warning")


def test_limits_count_what_extensions_functions_and_compensations_hold() -> None:
    undo = {"metadata": {"parley": {"compensate": [wait("undo")]}}}
    use = {"functions": {"pause": {"wait": "PT1S"}}, "extensions": [{"log": {"extend": "all", "before": [wait("before")]}}]}
    data = a_workflow({"rest": {"call": "pause"} | undo}, use=use)

    assert "too-many-tasks" not in {code for code, *_ in found(data, Policy(tasks=4))}
    assert "too-many-tasks" in {code for code, *_ in found(data, Policy(tasks=3))}


def test_the_defaults_stop_only_what_no_machine_could_do_well() -> None:
    many = [put(f"t{number}", {"x": 1}) for number in range(2_000)]

    assert found(a_workflow(*many), Policy()) == []
    assert [code for code, *_ in found(a_workflow(loop("range(1000000)")), Policy())] == ["too-wide"]
