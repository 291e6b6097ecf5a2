"""From a model's text to a pydantic value, and back to words when it does not fit."""

from __future__ import annotations

import json
import re
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

Reply = TypeVar("Reply", bound=BaseModel)

MAX_REPLY_CHARS = 400_000
MAX_STARTS = 60  # a broken answer is read from at most this many places
FENCE = re.compile(r"```(?:json|JSON)?\s*\n(.*?)```", re.DOTALL)
THINKING = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL)


def instructions(reply: type[BaseModel]) -> str:
    """Return the words and the JSON schema that ask for one *reply*."""
    schema = json.dumps(reply.model_json_schema(), ensure_ascii=False, separators=(",", ":"))
    return f"Answer with one JSON object and nothing else. It must fit this JSON Schema:\n{schema}"


def parse(text: str, reply: type[Reply]) -> Reply:
    """
    Read a model's answer.

    Code fences, prose before and after, and `<think>` blocks are tolerated: the first JSON object that fits wins.

    Raises:
        ValueError: no JSON object is there, or none fits; the message lists what is wrong, for a model to mend.
    """
    if len(text) > MAX_REPLY_CHARS:
        raise ValueError(f"the answer has {len(text)} characters; at most {MAX_REPLY_CHARS} are read")
    errors: list[str] = []
    for found in _objects(THINKING.sub("", text)):
        try:
            return reply.model_validate(found)
        except ValidationError as exc:
            errors = errors or in_words(exc)
    raise ValueError("\n".join(errors) if errors else _no_object(text))


def in_words(error: ValidationError) -> list[str]:
    """Return one line per mistake: where, and what is wrong."""
    return [f"- {'.'.join(str(part) for part in e['loc']) or 'the object'}: {e['msg']}" for e in error.errors(include_url=False)[:12]]


def _objects(text: str) -> list[dict[str, Any]]:
    """Return every JSON object that begins at some `{`, outermost first, fenced ones before others."""
    found: list[dict[str, Any]] = []
    for part in [*FENCE.findall(text), text]:
        at, tries = part.find("{"), 0
        while at != -1 and tries < MAX_STARTS:
            tries += 1
            value, end = _decode(part, at)
            if isinstance(value, dict):
                found.append(value)
            at = part.find("{", end)
    return found


def _decode(text: str, at: int) -> tuple[Any, int]:
    """Decode one JSON value at *at*; control characters inside strings are allowed (models forget to escape line breaks)."""
    try:
        return json.JSONDecoder(strict=False).raw_decode(text, at)
    except (ValueError, RecursionError):
        return None, at + 1


def _no_object(text: str) -> str:
    opened = text.count("{") > text.count("}")
    return "- the JSON object ends too early: it was cut off" if opened else "- there is no JSON object in the answer"
