"""Prompts are files: front matter that says what they are for, and a Jinja body with one section per message.

`load("design/outline")` reads `prompts/design/outline.md`. A body is cut at lines `[system]` and `[user]`; what a person wrote only
ever arrives as an input, and `fenced()` escapes it so that it cannot close the tag it stands in.

Errors::

    PromptError              a prompt file is broken, or is rendered with the wrong inputs
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta

__all__ = ["Prompt", "PromptError", "escape", "fenced", "load", "names", "unescape"]

FOLDER = Path(__file__).parent
FRONT_MATTER = ("purpose", "inputs", "reply", "evals")
ROLES = ("system", "user")


class PromptError(Exception):
    """A prompt file is broken, or was rendered with the wrong inputs."""


def escape(text: str) -> str:
    """Replace the three characters that could open or close a tag; quotes stay readable."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unescape(text: str) -> str:
    """Undo `escape`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def fenced(value: Any, tag: str) -> str:
    """Put *value* (text as it is, a list as one JSON value a line, anything else as JSON) between `<tag>` and `</tag>`, escaped."""
    if isinstance(value, list):
        text = "[\n" + ",\n".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]" if value else "[]"
    else:
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"<{tag}>\n{escape(text)}\n</{tag}>"


@dataclass(frozen=True, slots=True)
class Prompt:
    """One prompt file."""

    name: str  # "design/outline"
    purpose: str
    inputs: tuple[str, ...]
    reply: str  # dotted name of the pydantic class of the answer
    evals: tuple[str, ...]
    digest: str  # "sha256:<hex>" of the file's bytes
    sections: tuple[tuple[str, str], ...] = field(repr=False)  # (role, template source)

    def render(self, **values: Any) -> list[dict[str, str]]:
        """
        Fill the inputs in.

        Returns:
            Messages in order, `{"role": "system"|"user", "content": …}`; the first line names the prompt.

        Raises:
            PromptError: an input is missing or not declared.
        """
        missing, unknown = sorted(set(self.inputs) - set(values)), sorted(set(values) - set(self.inputs))
        if missing or unknown:
            raise PromptError(f"prompt {self.name}: missing inputs {missing}, unknown inputs {unknown}")
        try:
            return [{"role": role, "content": _compiled(body).render(**values).strip()} for role, body in self.sections]
        except UndefinedError as exc:
            raise PromptError(f"prompt {self.name}: {exc}") from exc

    def used(self) -> set[str]:
        """Return the names the body really reads; a test holds them equal to `inputs`."""
        environment = _environment()
        return set().union(*(meta.find_undeclared_variables(environment.parse(body)) for _, body in self.sections)) - {"fenced"}


@lru_cache(maxsize=1)
def _environment() -> Environment:
    """One Jinja environment: missing names are errors, blocks leave no blank lines, no HTML escaping (fences escape)."""
    environment = Environment(undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, autoescape=False)  # noqa: S701  text for a model, not HTML
    environment.globals["fenced"] = fenced
    return environment


@lru_cache(maxsize=256)
def _compiled(body: str) -> Template:
    """Return a section's template; compiling takes as long as all else before a model call."""
    return _environment().from_string(body)


@lru_cache(maxsize=64)
def load(name: str) -> Prompt:
    """Read and check `prompts/<name>.md`. Raises PromptError."""
    path = FOLDER / f"{name}.md"
    if not path.resolve().is_relative_to(FOLDER) or not path.is_file():
        raise PromptError(f"there is no prompt {name!r}; there are: {', '.join(names())}")
    raw = path.read_bytes()
    head, body = _split(name, raw.decode("utf-8"))
    prompt = Prompt(
        name=name,
        purpose=str(head["purpose"]),
        inputs=tuple(head["inputs"]),
        reply=str(head["reply"]),
        evals=tuple(head["evals"]),
        digest="sha256:" + hashlib.sha256(raw).hexdigest(),
        sections=tuple(_sections(name, body)),
    )
    try:
        prompt.used()
    except TemplateSyntaxError as exc:
        raise PromptError(f"prompt {name}: line {exc.lineno}: {exc.message}") from exc
    return prompt


def names() -> list[str]:
    """Return the names of all prompts, sorted."""
    return sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.glob("*/*.md"))


def _split(name: str, text: str) -> tuple[dict[str, Any], str]:
    """Cut a file into its front matter and its body."""
    parts = text.split("---\n", 2)
    if len(parts) != 3 or parts[0].strip():
        raise PromptError(f"prompt {name}: it must begin with front matter between two lines of ---")
    head = yaml.safe_load(parts[1])
    if not isinstance(head, dict) or sorted(head) != sorted(FRONT_MATTER):
        raise PromptError(f"prompt {name}: front matter must hold exactly {', '.join(FRONT_MATTER)}")
    return head, parts[2]


def _sections(name: str, body: str) -> list[tuple[str, str]]:
    """Cut a body at its `[system]` and `[user]` lines."""
    sections: list[tuple[str, str]] = []
    for line in body.splitlines(keepends=True):
        role = line.strip().strip("[]")
        if line.strip() == f"[{role}]" and role in ROLES:
            sections.append((role, ""))
        elif sections:
            sections[-1] = (sections[-1][0], sections[-1][1] + line)
        elif line.strip():
            raise PromptError(f"prompt {name}: text before the first section; begin with [system] or [user]")
    if not sections:
        raise PromptError(f"prompt {name}: no section; begin with [system] or [user]")
    return sections
