"""The commands a newcomer types, where they meet a machine that is not ready."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]
TOOLS = ("bash", "env", "cat", "id", "dirname", "readlink", "rm", "flock")


def machine(folder: Path, **programs: str) -> dict[str, str]:
    """Return an environment whose PATH has the basic tools and *programs* (name → shell script) only."""
    folder.mkdir()
    for tool in TOOLS:
        if found := shutil.which(tool):
            (folder / tool).symlink_to(found)
    for name, script in programs.items():
        path = folder / name.replace("_", ".")
        path.write_text(f"#!{shutil.which('bash')}\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return {"PATH": str(folder), "HOME": os.environ.get("HOME", "/")}


def run(script: str, *arguments: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / ".ci" / script), *arguments], capture_output=True, text=True, check=False, env=environment, stdin=subprocess.DEVNULL
    )


class TestFindPython:
    def test_without_python_it_says_which_are_needed(self, tmp_path: Path) -> None:
        done = run("find-python", environment=machine(tmp_path / "bin"))

        assert done.returncode == 1
        assert done.stderr.startswith("Parley needs Python 3.11, 3.12 or 3.13; none was found.")

    def test_another_version_is_named(self, tmp_path: Path) -> None:
        old = 'case "$2" in *print*) echo 3.9;; *) exit 1;; esac'

        done = run("find-python", environment=machine(tmp_path / "bin", python3=old))

        assert done.returncode == 1
        assert "none was found (python3 is 3.9)" in done.stderr

    def test_without_ensurepip_it_names_the_package(self, tmp_path: Path) -> None:
        bare = 'case "$2" in *ensurepip*) exit 1;; *%d*) echo 3.11;; *) exit 0;; esac'

        done = run("find-python", environment=machine(tmp_path / "bin", python3=bare))

        assert done.returncode == 1
        assert "apt-get install python3.11-venv" in done.stderr

    def test_the_newest_that_fits_is_taken(self, tmp_path: Path) -> None:
        def fits(name: str) -> str:
            return f'case "$2" in *executable*) echo /usr/bin/{name};; *%d*) echo {name.removeprefix("python")};; esac'

        environment = machine(tmp_path / "bin", python3_12=fits("python3.12"), python3_11=fits("python3.11"))

        assert run("find-python", environment=environment).stdout == "/usr/bin/python3.12\n"


class TestReset:
    def test_it_asks_and_without_a_yes_removes_nothing(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        (home / "logs").mkdir(parents=True)

        done = run("reset", str(home), environment=machine(tmp_path / "bin"))

        assert (done.returncode, home.exists()) == (1, True)
        assert "Nothing was removed." in done.stdout

    def test_yes_removes_the_folder(self, tmp_path: Path) -> None:
        home = tmp_path / "home"
        (home / "logs").mkdir(parents=True)

        done = run("reset", str(home), environment=machine(tmp_path / "bin") | {"YES": "1"})

        assert (done.returncode, home.exists()) == (0, False)

    def test_a_folder_that_is_not_parleys_is_left_alone(self, tmp_path: Path) -> None:
        precious = tmp_path / "precious"
        precious.mkdir()
        (precious / "letter.txt").write_text("Dear …")

        done = run("reset", str(precious), environment=machine(tmp_path / "bin") | {"YES": "1"})

        assert (done.returncode, (precious / "letter.txt").exists()) == (1, True)

    def test_a_running_parley_is_not_pulled_away(self, tmp_path: Path) -> None:
        from app.cli.uplock import UpLock

        home = tmp_path / "home"
        home.mkdir()
        lock = UpLock(home)
        lock.take()

        done = run("reset", str(home), environment=machine(tmp_path / "bin") | {"YES": "1"})
        lock.release()

        assert (done.returncode, home.exists()) == (1, True)
        assert "stop it first" in done.stderr


class TestBrowser:
    def test_without_rights_to_install_it_says_what_to_do(self, tmp_path: Path) -> None:
        done = run("browser", environment=machine(tmp_path / "bin"))

        assert done.returncode == 1
        assert "sudo apt-get install chromium" in done.stderr


def test_ci_calls_make_test_and_nothing_else() -> None:
    lines = [line for line in (ROOT / ".ci" / "run").read_text("utf-8").splitlines() if line and not line.startswith("#")]

    assert lines == ["set -euo pipefail", 'cd "$(dirname "${BASH_SOURCE[0]}")/.."', "exec make test"]
