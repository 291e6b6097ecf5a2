"""Examples through the command line, as the README of `examples/` tells people to run them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.examples.cases import ROOT, Example, named
from tests.world import World


def parley_run(example: Example, base_url: str, home: Path, *options: str) -> tuple[int, Any, str]:
    """Run `parley run EXAMPLE --ephemeral --json`; return exit code, the one JSON object of stdout, and stderr."""
    home.mkdir()
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "PARLEY_HOME": str(home), "PYTHONPATH": str(ROOT)}
    data = json.dumps(example.read("input.json", base_url=base_url))
    command = [sys.executable, "-P", "-m", "app", "run", str(example.folder / "definition.yaml")]
    done = subprocess.run(
        [*command, "--input", data, "--ephemeral", "--json", *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=home,
        env=environment,
    )
    return done.returncode, json.loads(done.stdout), done.stderr


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("invoice-in-euro", []),
        ("incident-response", ["--events", "events.json"]),
        ("customer-onboarding", ["--workflows", "workflows"]),
    ],
)
def test_it_completes_and_does_what_its_world_expects(name: str, options: list[str], tmp_path: Path) -> None:
    example = named(name)
    world = World.load(example.world)
    given = [option if option.startswith("--") else str(example.folder / option) for option in options]
    with world.thread() as base_url:
        code, said, stderr = parley_run(example, base_url, tmp_path / "home", *given)

    assert (code, said["status"], said["output"], said["error"]) == (0, "completed", example.expected["output"], None), stderr
    assert world.verdict() == []


def test_one_that_needs_a_person_ends_waiting_and_has_paid_nothing(tmp_path: Path) -> None:
    example = named("invoice-approval")
    world = World.load(example.world)
    with world.thread() as base_url:
        code, said, stderr = parley_run(example, base_url, tmp_path / "home", "--secrets", str(example.folder / "secrets.json"))

    assert (code, said["status"], said["output"]) == (3, "waiting", None), stderr
    assert [request.path for request in world.saw()] == ["/documents/invoices/INV-4410"]
