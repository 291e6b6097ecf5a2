"""The wheel alone, in an empty environment and an empty folder, does what the checkout does."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.acceptance.conftest import Parley
from tests.acceptance.serving import get, up

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
PACKAGES = ("app", "graphs", "prompts", "dsl", "memory", "evals")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the wheel in it; what it depends on comes from ours, by a path entry behind its own packages."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    made = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", str(made), "install", "--quiet", "--no-index", "--no-deps", str(wheel)]
    subprocess.run(install, check=True, capture_output=True)
    (site,) = folder.glob("lib/python3*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return made


def test_everything_that_is_not_python_is_in_it(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    tracked = subprocess.run(["git", "ls-files", *PACKAGES], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    data = {name for name in tracked if not name.endswith(".py")}
    assets = {name for name in names if name.startswith("app/assets/")}

    assert data - names == set()
    assert {"app/assets/chainlit.md", "app/assets/.chainlit/config.toml"} <= assets
    assert any(name.startswith("app/assets/public/elements/") for name in assets)
    assert any(name.endswith("/licenses/LICENSE") for name in names)
    assert [name for name in names if name.split("/")[0] in ("tests", "docs", "bench", "examples")] == []


def test_its_packages_are_used_and_not_the_checkouts(python: Path, tmp_path: Path) -> None:
    code = f"import importlib, json; print(json.dumps([importlib.import_module(name).__file__ for name in {PACKAGES!r}]))"

    done = subprocess.run([str(python), "-P", "-c", code], cwd=tmp_path, check=True, capture_output=True, text=True)

    assert [path for path in json.loads(done.stdout) if not path.startswith(str(python.parents[1]))] == []


@pytest.mark.postgres
def test_parley_up_answers_in_an_empty_folder(python: Path, tmp_path: Path) -> None:
    place = Parley(tmp_path)
    environment = place.environment({"PORT": "0"})
    with up([str(python.with_name("parley")), "up"], folder=tmp_path, environment=environment) as running:
        url = running.wait_for("http://localhost:", timeout_s=60)

        health, page = get(f"{url}/api/health"), get(f"{url}/")
        style = get(f"{url}/public/parley.css")

        assert (health[0], page[0], style[0]) == (200, 200, 200)
        assert running.interrupt() == 0
