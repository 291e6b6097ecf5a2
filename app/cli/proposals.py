"""`parley propose|approve|reject`: the decisions of a proposal card, in a terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from app.cli.files import read_text
from app.cli.options import Json
from app.cli.output import Output
from app.cli.reading import effect_lines, outline_lines
from app.cli.session import call

Proposal = Annotated[str, typer.Argument(help="The proposal's id, as `parley propose` printed it.", show_default=False)]


def register(app: typer.Typer) -> None:
    app.command()(propose)
    app.command()(approve)
    app.command()(reject)


def propose(
    file: Annotated[Path, typer.Argument(help="A definition.", show_default=False)],
    summary: Annotated[str, typer.Option(help="One sentence for whoever decides.")] = "",
    as_json: Json = False,
) -> int:
    """Put a definition forward for a decision: what it does, in words, and what it touches outside."""
    text = read_text(file)
    view = call(lambda actions, actor: actions.propose(actor, text, summary=summary)).to_json()
    Output(as_json=as_json).result(view, in_words(view))
    return 0


def approve(
    proposal: Proposal,
    digest: Annotated[str, typer.Option(help="Approve only if the proposal still has this digest; without it, the one it has now.")] = "",
    as_json: Json = False,
) -> int:
    """Approve a proposal, exactly as it stands: the decision is bound to its digest."""

    async def decide(actions: Any, actor: Any) -> Any:
        expected = digest or (await actions.proposal(actor, proposal)).to_json()["digest"]
        return await actions.approve(actor, proposal, digest=expected)

    view = call(decide).to_json()
    text = f"Approved {view['name']} {view['version']} as version {view['id']}\n  digest {view['digest']}"
    Output(as_json=as_json).result(view, text)
    return 0


def reject(
    proposal: Proposal,
    comment: Annotated[str, typer.Option(help="Why, for whoever proposed it.")] = "",
    as_json: Json = False,
) -> int:
    """Reject a proposal; nothing of it will run."""

    async def decide(actions: Any, actor: Any) -> dict[str, Any]:
        answer = await actions.reject(actor, proposal, comment=comment)
        return dict(answer.to_json()) if hasattr(answer, "to_json") else {"id": proposal, "status": "rejected"}

    Output(as_json=as_json).result(call(decide), f"Rejected {proposal}.")
    return 0


def in_words(view: dict[str, Any]) -> str:
    """Return a proposal as a person reads it: what it is, its outline, its effects, and how to decide."""
    lines = [f"Proposal {view['id']}: {view['title'] or view['name']} ({view['name']} {view['version']}), {view['status']}"]
    if view.get("summary"):
        lines += ["", view["summary"]]
    lines += ["", "What it does"]
    lines += [f"  {line}" for line in outline_lines(view["outline"])]
    lines += ["", "What it touches outside"]
    lines += [f"  {line}" for line in effect_lines(view["effects"]) or ["nothing"]]
    missing = [secret["name"] for secret in view.get("secrets", []) if not secret["set"]]
    if missing:
        lines += ["", f"Secrets still to set: {', '.join(missing)} (parley secret set NAME)"]
    lines += [f"{warning['severity']}: {warning['message']}{_hint(warning)}" for warning in view.get("warnings", [])]
    lines += ["", f"digest {view['digest']}"]
    if view["status"] == "open":
        lines += [f"To decide: parley approve {view['id']}    or    parley reject {view['id']}"]
    return "\n".join(lines)


def _hint(warning: dict[str, Any]) -> str:
    return f" ({warning['hint']})" if warning.get("hint") else ""
