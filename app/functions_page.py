"""Write `docs/functions.md` from the catalogue: `python -m app.functions_page > docs/functions.md`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from dsl.catalogue import Function
from graphs import catalogue

HEAD = """# Functions

What `call: NAME:VERSION@default` can name. Written from `graphs/catalogue/*.yaml` by `python -m app.functions_page`; `parley
catalog NAME` shows the same for one function.

**Effect** is what a call does outside at most (`none`, `read`, `write`, `irreversible`): it stands on the card before anybody
approves. **After a kill** says what happens to a call that was cut off: *repeated*, or *asked about*, since nobody can know whether
it took place (`metadata.parley.idempotent: true` on the task says that a repetition does no harm, `metadata.parley.proof` how to
find out).

"""

CONNECTIONS = """## Connections

Addresses and keys of the house stay out of definitions: the operator names them in a file,
`PARLEY_CONNECTIONS=/etc/parley/connections.yaml`, and functions refer to the name (`connection: crm`). The file is read again when
it changes; YAML or JSON.

```yaml
crm:       {kind: http, url: "https://crm.internal/api", headers: {Authorization: {secret: crm-token}}}
warehouse: {kind: sql, url: "postgresql://reader@db.internal/warehouse", password: {env: WAREHOUSE_PASSWORD}}
mail:      {kind: smtp, url: "smtp://mail.internal:587", user: parley, password: {file: /run/secrets/mail}, from: parley@example.org}
team:      {kind: slack, url: {secret: team-hook}}
partner:   {kind: webhook, url: "https://partner.example.org/hook", secret: {secret: partner-key}, headers: {X-From: parley}}
notes:     {kind: mcp, url: "https://notes.internal/mcp"}
files:     {kind: mcp, command: [files-server, --stdio], env: {FILES_KEY: {secret: files-key}}}
```

- A value is a text, or says where it is kept: `{secret: NAME}` (a stored secret of the tenant, `parley secret set NAME`), `{env:
  NAME}`, `{file: PATH}`. What comes from there is taken out of every text, log and card.
- A connection may reach the address its `url` names, private or not; nothing else gets through to that address by it. A redirect of
  a `http` connection is not followed.
- `tenants: [a, b]` keeps a connection from all other tenants; `description` is for `parley doctor`, which lists them and what they
  lack.
- `sql`: any SQLAlchemy URL whose driver is installed; PostgreSQL's is. Give it a role that may do what workflows may do, and no
  more.
- `webhook` with a `secret` (`whsec_` and base64) signs as [Standard Webhooks](https://www.standardwebhooks.com) says.
- `smtp`: encrypted from the start with `smtps://`, by STARTTLS where the server offers it; a password is never sent unencrypted to
  another machine.

## Files

Steps hand files on as values: `{name, mediaType, data}`, `data` in base64, at most 20 MB. `write-document` and `chart` give such a
value, `read-document` takes one; it also takes the base64 that `call: http` with `output: raw` gives. Documents are read and
written in a child process with bounded memory and time.

## Agents

Each turn is a step in the journal: what the model said (`PATH/agent[1]/model`), what a person decided (`PATH/agent[1]/approve`),
what the tool gave (`PATH/agent[1]/tool/NAME`). After a kill no model is asked again for what it said, and no finished tool is used
again. A tool that writes, sends, or whose effect nobody knows (every tool of an MCP server) waits for a person, unless the approved
task names it: `metadata.parley.allowTools: [notify, notes/search]`. Arguments that stand in the definition (`{function:
"sql:1.0.0", with: {connection: shop}}`) cannot be changed by the model, and are not shown to it.

## Functions of your own

Without code: [`use.functions`](../README.md) and catalogues of the workflow. With code: an installed Python package with an entry
point.

```toml
[project.entry-points."parley.functions"]
greet = "acme_parley.greet"
```

```python
# acme_parley/greet.py
FUNCTION = {
    "name": "acme-greet", "version": "1.0.0", "title": "Greet somebody", "effect": "none", "idempotent": True,
    "input": {"type": "object", "required": ["name"], "additionalProperties": False, "properties": {"name": {"type": "string"}}},
    "output": {"type": "object", "required": ["text"], "properties": {"text": {"type": "string"}}},
}

async def run(arguments, call):
    return {"text": f"Hello {arguments['name']}"}
```

`call` (`graphs/run/function_api.py`) gives it people, notices, guarded HTTP, connections, models' tokens to be counted and a key
for idempotent requests. Wrong input and output are errors of the task. A package whose function cannot be used is left out, and
`parley doctor` says why.
"""


def page() -> str:
    """Return the page as Markdown."""
    entries = sorted(catalogue.own().values(), key=lambda one: one.key)
    rows = "".join(f"| [{one.name}](#{one.name}) | {one.title} | {_effect(one)} | {_after(one)} |\n" for one in entries)
    table = f"| function | what it does | effect | after a kill |\n| --- | --- | --- | --- |\n{rows}\n"
    return HEAD + table + "\n".join(_section(one) for one in entries) + "\n" + CONNECTIONS


def _effect(one: Function) -> str:
    if one.tools:
        return "that of its tools"
    told = [f"{kind} with `{field}: {value}`" for field, kinds in one.narrower.items() for value, kind in kinds.items()]
    return ", ".join([one.effect, *told])


def _after(one: Function) -> str:
    if one.person:
        return "goes on waiting"
    if one.tools:
        return "goes on where it was"
    if one.idempotent or one.effect in ("none", "read"):
        return "repeated"
    return "asked about" + (", a notice in the chat repeated" if one.name == "notify" else ", a read repeated" if one.narrower else "")


def _section(one: Function) -> str:
    needs = {
        "required": "Needs a model; without one it fails with `no-model`.\n\n",
        "optional": "Uses a model when there is one.\n\n",
        "none": "",
    }
    example = yaml.safe_dump({"call": f"{one.key}@default", "with": one.examples[0]}, sort_keys=False, allow_unicode=True, width=110)
    return (
        f"## {one.name}\n\n{one.summary}\n\n{needs[one.model]}"
        f"| input | type | |\n| --- | --- | --- |\n{''.join(_fields(one.input))}\n"
        f"| output | type | |\n| --- | --- | --- |\n{''.join(_fields(one.output))}\n"
        f"```yaml\n{example}```\n"
    )


def _fields(schema: Mapping[str, Any]) -> Iterator[str]:
    required = schema.get("required", ())
    if not schema.get("properties"):
        yield f"| | {_type(schema)} | {_cell(schema.get('description', ''))} |\n"
    for name, part in schema.get("properties", {}).items():
        default = f"; {json.dumps(part['default'])} when left out" if "default" in part else ""
        told = f"{part.get('description', '')}{default}".removeprefix("; ")
        yield f"| `{name}`{'' if name in required else ' (optional)'} | {_type(part)} | {_cell(told)} |\n"


def _type(schema: Mapping[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{one}`" for one in schema["enum"] if one is not None)
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    kinds = schema.get("type", "anything")
    return " or ".join(kind for kind in kinds if kind != "null") if isinstance(kinds, list) else str(kinds)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
