"""Read what the command line names: definitions, folders of them, `--input`, `--secrets`, `--events`.

Every mistake is a CommandFailed that names the option or file and, for JSON, the line and column.
"""

from __future__ import annotations

import codecs
import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from app.cli.failures import CommandFailed

JSON = Any
STDIN = "-"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
SUFFIXES = (".yaml", ".yml", ".json")
SIZE_LIMIT_BYTES = 16 * 1024 * 1024  # a definition is a few kilobytes; this only keeps a mistyped path from filling memory
MOST_FILES = 2000  # of a folder; more is a mistyped one
LARGEST_OF_A_FOLDER_BYTES = 2 * 1024 * 1024
NEVER = frozenset({"node_modules", "site-packages", "__pycache__", "venv", "dist", "build"})
_DOCUMENT = re.compile(r"""^[\s{]*["']?document["']?\s*:""", re.MULTILINE)


def read_text(path: Path, limit_bytes: int = SIZE_LIMIT_BYTES) -> str:
    """Return the text of a file, a pipe or stdin (`-`). Raises CommandFailed: missing, a folder, unreadable, too large, not UTF-8."""
    if path.is_dir():
        raise CommandFailed(f"{path} is a folder", where=str(path), next_step="name one file in it", code="not-a-file")
    try:
        with sys.stdin.buffer if str(path) == STDIN else path.open("rb") as stream:
            content = stream.read(limit_bytes + 1)  # a pipe or a device has no size before it is read
    except FileNotFoundError:
        raise CommandFailed(f"there is no file {path}", where=str(path), next_step="check the path", code="no-such-file") from None
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise CommandFailed(
            f"cannot read {path}", where=str(path), why=why, next_step="name a file you may read", code="unreadable"
        ) from None
    if len(content) > limit_bytes:
        raise CommandFailed(f"{path} is larger than {limit_bytes // 1024 // 1024} MiB", where=str(path), code="too-large")
    return _decoded(content, path)


def _decoded(content: bytes, path: Path) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        why = "it is UTF-16" if content.startswith(_UTF_16) else f"byte {error.start} is not UTF-8"
        raise CommandFailed(f"{path} is not text", where=str(path), why=why, next_step="save it as UTF-8", code="not-text") from None


def write_text(path: Path, text: str) -> None:
    """Write *text* to the file. Raises CommandFailed: a folder, no such folder, not allowed."""
    try:
        path.write_text(text if text.endswith("\n") else text + "\n", "utf-8")
    except OSError as error:
        why = (error.strerror or type(error).__name__).lower()
        raise CommandFailed(
            f"cannot write {path}", where=str(path), why=why, next_step="name a file you may write", code="not-writable"
        ) from None


def definitions(target: Path) -> tuple[list[Path], list[Path]]:
    """
    Return the definition files that *target* names, sorted, and the files passed over.

    A folder is searched to the bottom, without hidden folders and those of package managers; a YAML or JSON file in it counts when it was
    meant as a workflow, of an older dialect too.

    Raises:
        CommandFailed: nothing there, or too many files to look at.
    """
    if not target.is_dir():
        return [target], []
    files = _candidates(target)
    found = [path for path in files if _is_definition(path)]
    if not found:
        raise CommandFailed(
            f"no definition in {target}",
            where=str(target),
            why=f"{len(files)} YAML or JSON file(s) there, none of them a workflow",
            next_step="name the file, or another folder",
            code="no-definition",
        )
    return found, [path for path in files if path not in found]


def json_option(option: str, value: str | None) -> JSON:
    """
    Return the JSON of an option that takes it directly or as `@FILE`; None when the option was not given.

    Raises:
        CommandFailed: not JSON, with line and column; or the file cannot be read.
    """
    if value is None:
        return None
    if value.startswith("@"):
        path = Path(value[1:])
        return _parse(read_text(path), where=f"{option} {path}")
    return _parse(value, where=option, hint=f'quote it for the shell: {option} \'{{"name": "value"}}\', or {option} @FILE')


def json_file(option: str, path: Path | None, kind: type) -> Any:
    """Return the JSON in *path*, which must be of *kind* (dict or list); an empty one when no file was given."""
    if path is None:
        return kind()
    data = _parse(read_text(path), where=str(path))
    if not isinstance(data, kind):
        wanted = "an object of name → value" if kind is dict else "an array"
        raise CommandFailed(f"{option} must hold {wanted}", where=str(path), why=f"found {_kind(data)}", code="wrong-json")
    return data


def events(path: Path | None) -> list[dict[str, JSON]]:
    """Return the CloudEvents of `--events` or `emit`: an array of objects, or one object."""
    if path is None:
        return []
    data = _parse(read_text(path), where="standard input" if str(path) == STDIN else str(path))
    found = data if isinstance(data, list) else [data]
    for index, event in enumerate(found):
        missing = [name for name in ("type", "source") if not isinstance(event, Mapping) or not event.get(name)]
        if missing:
            raise CommandFailed(
                f"{_which(index, found)} is not a CloudEvent: {' and '.join(missing)} missing",
                where=f"{path}, /{index}" if isinstance(data, list) else str(path),
                next_step='{"id": "1", "source": "/shop", "type": "order.placed", "data": {…}}',
                code="wrong-event",
            )
    return found


def _candidates(folder: Path) -> list[Path]:
    """Return the YAML and JSON files below *folder*, sorted. Raises CommandFailed when there are too many to look at."""
    found: list[Path] = []
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in NEVER)
        found += [Path(place, name) for name in names if Path(name).suffix.lower() in SUFFIXES and not name.startswith(".")]
        if len(found) > MOST_FILES:
            raise CommandFailed(
                f"more than {MOST_FILES} YAML and JSON files in {folder}",
                where=str(folder),
                next_step="name the folder that holds your workflows",
                code="too-many-files",
            )
    return sorted(path for path in found if path.is_file())


def _is_definition(path: Path) -> bool:
    """Tell whether the file was meant as a workflow; one that cannot be read as YAML is judged by having a `document:`."""
    import dsl

    try:
        if path.stat().st_size > LARGEST_OF_A_FOLDER_BYTES:
            return False
        content = path.read_bytes()
    except OSError:
        return True  # whoever reads it says why it cannot be read
    text = content.decode("utf-16" if content.startswith(_UTF_16) else "utf-8", errors="replace")
    data = dsl.read(text).data
    return bool(_DOCUMENT.search(text)) if data is None else dsl.looks_like_definition(data)


def _parse(text: str, *, where: str, hint: str = "") -> JSON:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise CommandFailed(
            "that is not JSON",
            where=f"{where}, line {error.lineno} column {error.colno}",
            why=error.msg.lower(),
            next_step=hint or "check the file with any JSON tool",
            code="not-json",
        ) from None


def _which(index: int, found: list[JSON]) -> str:
    """Return which event of a file is meant, counted as people count."""
    return "the event" if len(found) == 1 else f"event {index + 1} of {len(found)}"


def _kind(data: JSON) -> str:
    return {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "null"}.get(type(data), "a number")
