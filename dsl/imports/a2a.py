"""The card of an A2A agent to catalogue functions, one a skill: a message in words goes out, what the agent makes of it comes back.

A card says nothing of effects, so they are unknown.
"""

from __future__ import annotations

from typing import Any, Final

from dsl.bindings import A2aBinding
from dsl.canonical import digest
from dsl.catalogue import Function
from dsl.imports.documents import read_document
from dsl.imports.findings import Findings
from dsl.imports.keywords import value
from dsl.imports.naming import Names, fitting, plain, semver, spoken, words
from dsl.imports.results import Imported
from dsl.pointer import join
from dsl.problems import Problem

JSON = Any

MAX_SKILLS: Final = 500
_INPUT: Final = {
    "type": "object",
    "required": ["message"],
    "properties": {
        "message": {"type": "string", "description": "What the agent is asked to do, in words"},
        "data": {"description": "Data that goes with the message"},
        "context": {"type": ["string", "null"], "description": "Identifier of a conversation to go on with"},
    },
    "additionalProperties": False,
}


def from_agent_card(card: JSON, *, prefix: str = "") -> Imported:
    """
    Return the skills of *card* (text or data) as functions; *prefix* stands before every name. Never raises.

    Source: A2A protocol 0.3 `AgentCard`, 1.0 (`supportedInterfaces` in place of `url`).
    """
    read = read_document(card)
    data = read.data
    if not isinstance(data, dict) or not isinstance(data.get("skills"), list):
        why = Problem(code="not-an-agent-card", reference="", message="this is no agent card", hint="give a card with `url` and `skills`")
        return Imported(problems=read.problems if data is None and read.problems else (*read.problems, why))
    findings = Findings()
    server = _server(data)
    if not server:
        findings.add("no-server", "", "the card names no address", "a connection has to", "advice")
    found: list[Function] = []
    names = Names()
    left_out: list[str] = []
    for number, skill in enumerate(data["skills"][:MAX_SKILLS]):
        at = join("/skills", number)
        identifier = skill.get("id") if isinstance(skill, dict) else None
        if not isinstance(identifier, str) or not identifier:
            findings.add("invalid-skill", at, "a skill must be a mapping with an `id`")
            left_out.append(f"the skill at {at}")
            continue
        name = names.take(f"{fitting(prefix)}.{fitting(identifier, 'skill')}" if prefix else fitting(identifier, "skill"))
        found.append(_function(skill, identifier, name, semver(data.get("version")), server))
    if len(data["skills"]) > MAX_SKILLS:
        findings.add("too-many-skills", "/skills", f"there are more than {MAX_SKILLS:,} skills; the rest is left out")
    return Imported(
        functions=tuple(found),
        problems=(*read.problems, *findings.all()),
        left_out=tuple(left_out),
        title=plain(data.get("name"), 100),
        version=semver(data.get("version")),
    )


def _server(card: dict[str, JSON]) -> str:
    interfaces = card.get("supportedInterfaces")
    given = [card.get("url"), *(one.get("url") for one in (interfaces if isinstance(interfaces, list) else ()) if isinstance(one, dict))]
    return next((url for url in given if isinstance(url, str) and url), "")


def _function(skill: dict[str, JSON], identifier: str, name: str, version: str, server: str) -> Function:
    tags, examples = skill.get("tags"), skill.get("examples")
    return Function(
        name=name,
        version=version,
        title=plain(skill.get("name"), 80) or spoken(identifier)[:80] or identifier[:80],
        summary=plain(skill.get("description")),
        effect="unknown",
        idempotent=False,
        target=server.partition("://")[2] or server,
        input=_INPUT,
        words=words(*(tag for tag in (tags if isinstance(tags, list) else ()) if isinstance(tag, str)), identifier),
        examples=[{"message": text} for text in (examples if isinstance(examples, list) else ())[:2] if isinstance(text, str)],
        binding=A2aBinding(server=server, skill=identifier, digest=digest(value(skill))),
    )
