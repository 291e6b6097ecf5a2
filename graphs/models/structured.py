"""From a model's text to a pydantic value, and back to words when it does not fit.

Only what stands at the top of an answer is its answer: an object inside one that is broken or cut off is never taken for the whole.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from graphs.models.strict import loosened, reply_schema

Reply = TypeVar("Reply", bound=BaseModel)

MAX_REPLY_CHARS = 400_000
MAX_STARTS = 60  # a broken answer is read from at most this many places
MAX_DEPTH = 60
FENCE = re.compile(r"```(?:json|JSON)?\s*\n(.*?)```", re.DOTALL)
THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)
HALF_THINKING = re.compile(r"\A.*</think(?:ing)?>|<think(?:ing)?>.*\Z", re.DOTALL)
TRAILING = re.compile(r'("(?:[^"\\]|\\.)*")|,(?=\s*[}\]])', re.DOTALL)  # text stays as it is
UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")  # no database and no UTF-8 takes these


class Twice(ValueError):
    """A name stands twice in one object, with two values."""


def schema_of(reply: type[BaseModel]) -> Mapping[str, Any]:
    """Return the schema that is told to a model: the strict one where there is one."""
    return reply_schema(reply) or reply.model_json_schema()


def instructions(schema: Mapping[str, Any]) -> str:
    """Return the words and the JSON schema that ask for one reply."""
    text = json.dumps(schema, ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object and nothing else. It must fit this JSON Schema:\n{text}"


def parse(text: str, reply: type[Reply]) -> Reply:
    """
    Read a model's answer.

    Code fences, prose before and after, `<think>` blocks and trailing commas are tolerated; nulls for defaults and pairs for objects too.

    Raises:
        ValueError: no JSON object is there, none fits, or several that differ do; the message lists what is wrong, for a model to mend.
    """
    if len(text) > MAX_REPLY_CHARS:
        raise ValueError(f"- the answer has {len(text)} characters; at most {MAX_REPLY_CHARS} are read. Give a much shorter one")
    said, errors = without_thinking(text), []
    for part in [*FENCE.findall(said), said]:
        fitting: list[Reply] = []
        for found in _objects(part):
            try:
                fitting.append(reply.model_validate(_clean(loosened(_known(found), reply))))
            except ValidationError as exc:
                errors.append(in_words(exc))
            except ValueError as exc:
                errors.append([f"- {exc}"])
        if any(one != fitting[0] for one in fitting[1:]):
            raise ValueError("- there are several objects that differ: give one")
        if fitting:
            return fitting[0]
    raise ValueError("\n".join(errors[0]) if errors else _no_object(said))


def without_thinking(text: str) -> str:
    """Return *text* without what a model thought aloud, also where one of the two marks is missing."""
    return HALF_THINKING.sub("", THINKING.sub("", text))


def storable(text: str) -> str:
    """Return *text* with the characters replaced that neither a database nor UTF-8 takes."""
    return UNSTORABLE.sub("\ufffd", text)


def in_words(error: ValidationError) -> list[str]:
    """Return one line per mistake: where, and what is wrong."""
    return [f"- {'.'.join(str(part) for part in e['loc']) or 'the object'}: {e['msg']}" for e in error.errors(include_url=False)[:12]]


def _objects(text: str) -> Iterator[dict[str, Any] | ValueError]:
    """Yield the outermost JSON objects of *text* in order, or what is wrong with one. What does not close ends the search."""
    at = text.find("{")
    for _ in range(MAX_STARTS):
        if at == -1:
            return
        value, end = _decode(text, at)
        if value is None:
            end = _closes(text, at)
            if end == -1:
                return
            value, _ = _decode(TRAILING.sub(lambda found: found[1] or "", text[at:end]), 0)
        if isinstance(value, dict | ValueError):
            yield value
        at = text.find("{", end)


def _decode(text: str, at: int) -> tuple[Any, int]:
    """Decode one JSON value at *at*; control characters inside strings are allowed (models forget to escape line breaks)."""
    try:
        return DECODER.raw_decode(text, at)
    except Twice as exc:
        end = _closes(text, at)
        return exc, end if end != -1 else len(text)
    except (ValueError, RecursionError):
        return None, at + 1


def _closes(text: str, at: int) -> int:
    """Return the index behind the bracket that closes the one at *at*; -1 when none does."""
    depth, quoted, escaped = 0, False, False
    for index in range(at, len(text)):
        char = text[index]
        if quoted:
            quoted, escaped = escaped or char != '"', char == "\\" and not escaped
        elif char == '"':
            quoted = True
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if not depth:
                return index + 1
    return -1


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    for name, value in pairs if len(found) < len(pairs) else ():
        if found[name] != value:
            raise Twice(f"{name} stands twice in one object, with two values")
    return found


def _constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _number(text: str) -> float:
    if math.isinf(value := float(text)):
        raise ValueError(f"{text} is too large")
    return value


DECODER = json.JSONDecoder(strict=False, object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_number)


def _known(found: dict[str, Any] | ValueError) -> dict[str, Any]:
    if isinstance(found, ValueError):
        raise found
    return found


def _clean(value: Any, depth: int = 0) -> Any:
    """Return *value* with text that can be stored. Raises ValueError when it is nested too deeply."""
    if depth > MAX_DEPTH:
        raise ValueError(f"the object is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, dict):
        return {storable(key): _clean(inner, depth + 1) for key, inner in value.items()}
    return [_clean(inner, depth + 1) for inner in value] if isinstance(value, list) else value


def _no_object(text: str) -> str:
    at = text.find("{")
    if at != -1 and _closes(text, at) == -1:
        return "- the JSON object ends too early: it was cut off"
    return "- what stands between { and } is no JSON" if at != -1 else "- there is no JSON object in the answer"


def words_so_far(text: str, field: str) -> str:
    """Return as much of the text field *field* as an unfinished answer already holds."""
    found = re.search(rf'"{re.escape(field)}"\s*:\s*"', without_thinking(text))
    if found is None:
        return ""
    rest = without_thinking(text)[found.end() :]
    whole = re.match(r'(?:[^"\\]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*', rest)
    words = json.loads(f'"{whole[0] if whole else ""}"', strict=False)
    return re.sub(r"[\ud800-\udbff]\Z", "", words)  # the first half of a character; the other is on its way
