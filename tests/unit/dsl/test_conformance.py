"""The examples of the specification: valid, or refused only for what this version does not run yet."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dsl import examine, mermaid, outline, picture, read, render, svg

FOLDER = Path(os.environ.get("PARLEY_CONFORMANCE") or Path(__file__).parents[4] / "shared" / "conformance")
# what stands in these examples belongs to a later version
_LATER_NAMES = """
    accumulate-room-readings authentication-oauth2 authentication-oauth2-secret authentication-oidc authentication-oidc-secret
    call-asyncapi-publish call-asyncapi-subscribe-consume-amount call-asyncapi-subscribe-consume-forever-foreach
    call-asyncapi-subscribe-consume-until call-asyncapi-subscribe-consume-while call-custom-function-cataloged
    call-custom-function-inline call-grpc call-mcp call-openapi call-openapi-redirect listen-to-all listen-to-all-read-envelope
    listen-to-any listen-to-any-filter listen-to-any-forever-foreach listen-to-any-until-condition listen-to-any-until-consumed
    mock-service-extension run-container run-container-cleanup-always run-container-cleanup-eventually
    run-container-stdin-and-arguments run-container-with-name run-container-with-pull-policy run-return-all run-return-code
    run-return-none run-return-stderr run-script-with-stdin-and-arguments run-shell-stdin-and-arguments
"""
LATER = set(_LATER_NAMES.split())


def _files(kind: str) -> list[Path]:
    return sorted((FOLDER / kind).glob("*.yaml"))


@pytest.fixture(autouse=True)
def _folder() -> None:
    if not _files("examples"):
        reason = f"the conformance folder is not at {FOLDER}: set PARLEY_CONFORMANCE"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)


def test_the_folder_has_the_examples_of_the_specification() -> None:
    assert len(_files("examples")) >= 66
    assert len(_files("invalid")) >= 3


@pytest.mark.parametrize("path", _files("examples"), ids=lambda path: path.stem)
def test_an_example_is_valid_or_only_not_supported_yet(path: Path) -> None:
    problems = [problem for problem in examine(path.read_text()).problems if problem.severity != "advice"]

    assert {problem.code for problem in problems} == ({"not-yet-supported"} if path.stem in LATER else set())
    assert all(problem.hint and problem.line for problem in problems)


@pytest.mark.parametrize("path", _files("examples"), ids=lambda path: path.stem)
def test_an_example_can_be_told_drawn_and_written(path: Path) -> None:
    data = read(path.read_text()).data

    assert outline(data)
    assert svg(picture(data)).startswith("<svg")
    assert mermaid(data).startswith("flowchart TD")
    assert read(render(data)).data == data


@pytest.mark.parametrize("path", _files("invalid"), ids=lambda path: path.stem)
def test_an_invalid_example_is_refused(path: Path) -> None:
    assert not examine(path.read_text()).valid
