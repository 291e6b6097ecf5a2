"""The text of a foreign document (JSON or YAML) to plain data, within limits that are wider than those of a definition.

JSON takes the fast way of the standard library, at about 40 MB a second; YAML goes through the same reader as definitions, without places.
What is given as data is walked once: it must be what JSON can carry, and no deeper or larger than the limits.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any, Final

from dsl import scalars
from dsl.problems import Problem

JSON = Any

MAX_CHARACTERS: Final = 50_000_000
MAX_DEPTH: Final = 100  # GitHub's, Stripe's and Kubernetes' stay below 30
MAX_VALUES: Final = 10_000_000  # keys count too, aliases as what they stand for

_SURROGATE = re.compile("[\ud800-\udfff]")
_SPLIT: Final = "import a part of it: fewer paths in a document of their own"
_OWN_WORDS: Final = {  # what the reader says of definitions, said of documents
    "too-deep": (f"the document is nested deeper than {MAX_DEPTH} levels", "no honest document is: it was made by a program in a loop"),
    "too-many-nodes": (f"the document has more than {MAX_VALUES:,} values once its aliases are written out", _SPLIT),
    "several-documents": ("the text holds more than one document", "give one document; remove the second `---` and what follows"),
    "empty": ("there is nothing in this text", "give the whole document"),
    "unknown-tag": ("a tag is not allowed: a document is plain data", "remove the tag"),
    "duplicate-key": ("", "keep one of them; the first one counts"),
}


@dataclass(frozen=True, slots=True)
class Document:
    """What was read: `data` is None when there are errors in `problems`."""

    data: JSON
    problems: tuple[Problem, ...] = ()


def read_document(given: JSON) -> Document:
    """Return the data of *given*: text in JSON or YAML, or what was already read. Never raises."""
    if isinstance(given, bytes | bytearray):
        try:
            given = bytes(given).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return _refused("not-text", f"byte {error.start} is not UTF-8", "save the document as UTF-8")
    if isinstance(given, str):
        return _from_text(given)
    problem = _unfit(given)
    return Document(None, (problem,)) if problem else Document(given)


def _from_text(text: str) -> Document:
    if len(text) > MAX_CHARACTERS:
        message = f"the document has {len(text):,} characters, more than the {MAX_CHARACTERS:,} allowed"
        return _refused("too-large", message, _SPLIT)
    if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "["):
        return _from_json(text.lstrip("\ufeff"))
    return _from_yaml(text)


def _from_json(text: str) -> Document:
    try:
        data = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        problem = Problem(
            code="not-json",
            reference="",
            message=f"this is not JSON: {error.msg}",
            hint="check quotes, brackets and commas near this place",
            line=error.lineno,
            column=error.colno,
        )
        return Document(None, (problem,))
    except ValueError as error:
        return _refused("not-json", f"this is not JSON: {str(error)[:120]}", "write a number that JSON has")
    except RecursionError:
        return _refused("too-deep", *_OWN_WORDS["too-deep"])
    unfit = _unfit(data)
    return Document(None, (unfit,)) if unfit else Document(data)


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number of JSON")


def _from_yaml(text: str) -> Document:
    from yaml.reader import ReaderError

    from dsl.yaml_events import Reader, Refused

    reader = Reader(text, depth=MAX_DEPTH, nodes=MAX_VALUES, places=False, plain=_plain)
    try:
        data = reader.run()
    except Refused as refusal:
        return Document(None, (_in_own_words(refusal.problem),))
    except ReaderError as error:  # a control character
        return _refused("invalid-character", f"a character in this text may not stand there: {error.reason}", "remove it")
    except UnicodeEncodeError:  # a lone surrogate cannot be handed to libyaml
        return _refused("invalid-character", "a text holds half a character (a lone surrogate)", "save the document as UTF-8")
    problem = _unfit(data)
    found = [replace(_in_own_words(one), severity="warning") for one in reader.problems]
    return Document(None, (problem, *found)) if problem else Document(data, tuple(found))


def _plain(text: str) -> JSON:
    """Return an unquoted scalar; a whole number beyond 2^53 (`maximum: 9223372036854775807`) becomes the nearest double."""
    try:
        return scalars.resolve(text)
    except scalars.NotRepresentable:
        try:
            value = float(text)
        except ValueError:
            return text
        return value if value - value == 0 else text  # neither NaN nor infinite


def _in_own_words(problem: Problem) -> Problem:
    message, hint = _OWN_WORDS.get(problem.code, ("", ""))
    return replace(problem, message=message or problem.message, hint=hint or problem.hint)


def _unfit(data: JSON) -> Problem | None:
    """Return why *data* is no JSON within the limits; shared parts count as often as they are used."""
    level, depth, count = [data], 0, 1
    while level:
        if depth > MAX_DEPTH:
            return _problem("too-deep", *_OWN_WORDS["too-deep"])
        below: list[JSON] = []
        for value in level:
            if isinstance(value, dict):
                if not all(isinstance(key, str) for key in value):
                    key = next(key for key in value if not isinstance(key, str))
                    return _problem("not-json", f"the key {str(key)[:40]!r} is not a text", "read the document as text, or as JSON")
                below += value.values()
                below += value.keys()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str):
                if "\0" in value or (not value.isascii() and _SURROGATE.search(value)):
                    return _problem("not-json", "a text holds NUL or half a character (a lone surrogate)", "save the document as UTF-8")
            elif not (value is None or isinstance(value, bool | int | float)):
                return _problem("not-json", f"a {type(value).__name__} is not a value of JSON", "give what a JSON or YAML reader gives")
            elif isinstance(value, float) and value - value != 0:
                return _problem("not-json", f"{value} is no number of JSON", "write a number that JSON has")
        count += len(below)
        if count > MAX_VALUES:
            return _problem("too-many-nodes", *_OWN_WORDS["too-many-nodes"])
        level, depth = below, depth + 1
    return None


def _problem(code: str, message: str, hint: str) -> Problem:
    return Problem(code=code, reference="", message=message, hint=hint)


def _refused(code: str, message: str, hint: str) -> Document:
    return Document(None, (_problem(code, message, hint),))
