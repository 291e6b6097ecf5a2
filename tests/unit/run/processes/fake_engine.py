"""A stand-in for the command of a container engine: a program on disk that keeps its containers in a folder and notes how it was called.

It knows `run`, `ps`, `rm`, `kill` and `info`, takes the options that Docker's and Podman's commands take, and refuses others. What a
container "does" is told by its image: `echo` writes its arguments and stdin, `sh` runs the command here, `sleep` waits, `broken` cannot be
pulled.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

STATE = Path(sys.argv[0]).absolute().parent / "state"
FLAGS = {"--interactive", "--force", "--volumes", "--all"}
VALUED = {
    "--name", "--pull", "--security-opt", "--memory", "--pids-limit", "--network", "--label", "--publish", "--volume", "--env",
    "--entrypoint", "--filter", "--format",
}  # fmt: skip


def parsed(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    options: dict[str, list[str]] = {}
    while words:
        word = words.pop(0)
        if word == "--":
            break
        if word in FLAGS:
            options[word] = []
        elif word in VALUED:
            options.setdefault(word, []).append(words.pop(0))
        elif word.startswith("-"):
            sys.exit(f"unknown flag: {word}")
        else:
            words.insert(0, word)
            break
    return options, words


def note(call: dict[str, Any]) -> None:
    STATE.mkdir(exist_ok=True)
    with (STATE / "calls").open("a") as file:
        file.write(json.dumps(call) + "\n")


def run(options: dict[str, list[str]], rest: list[str]) -> int:
    name, (image, *arguments) = options["--name"][0], rest
    place = STATE / f"{name}.json"
    if image == "broken":
        print("Error response from daemon: pull access denied for broken", file=sys.stderr)
        return 125
    if place.exists():
        print(f"Error response from daemon: Conflict. The container name {name} is already in use", file=sys.stderr)
        return 125
    place.write_text(json.dumps({"name": name, "labels": options.get("--label", []), "pid": os.getpid()}))
    environment = {}
    for one in options.get("--env", []):
        key, equals, value = one.partition("=")
        environment[key] = value if equals else os.environ[key]
    if image == "sleep":
        time.sleep(60)
    if "--entrypoint" in options:
        return subprocess.run([*options["--entrypoint"], *arguments], env={"PATH": "/usr/bin:/bin", **environment}, check=False).returncode
    stdin = sys.stdin.read() if "--interactive" in options else None
    print(json.dumps({"arguments": arguments, "environment": environment, "stdin": stdin}))
    return 0


def main() -> int:
    verb, *words = sys.argv[1:]
    options, rest = parsed(words)
    note({"verb": verb, "options": options, "rest": rest, "parley": sorted(key for key in os.environ if key.startswith("PARLEY_"))})
    if verb == "run":
        return run(options, rest)
    if verb == "ps":
        for place in STATE.glob("*.json"):
            labels = dict(label.partition("=")[::2] for label in json.loads(place.read_text())["labels"])
            if options["--filter"] == ["label=parley.remove-after"] and "parley.remove-after" in labels:
                print(f"{place.stem}\t{labels['parley.remove-after']}")
        return 0
    if verb in ("rm", "kill"):
        place = STATE / f"{rest[0]}.json"
        if not place.exists():
            print(f"Error response from daemon: No such container: {rest[0]}", file=sys.stderr)
            return 1
        if verb == "rm":
            place.unlink()
        return 0
    return 0 if verb == "info" else 2


if __name__ == "__main__":
    sys.exit(main())
