"""`parley author TEXT`: one wish in, one checked definition out; no database."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

import typer

from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.options import Json
from app.cli.output import Output


def register(app: typer.Typer) -> None:
    app.command()(author)


def author(
    text: Annotated[str, typer.Argument(help="What the workflow should do, in your words.", show_default=False)],
    model: Annotated[
        str | None, typer.Option(help='Instead of PARLEY_MODEL: "openai:NAME", "ollama:NAME", "offline"; a comma list fails over.')
    ] = None,
    yes_to_defaults: Annotated[bool, typer.Option("--yes-to-defaults", help="Take the default answer of every open question.")] = False,
    as_json: Json = False,
) -> int:
    """Write a definition from a sentence; exit 1 when there is none without errors."""
    if not text.strip():
        raise CommandFailed("there is no wish to work on", where="TEXT", next_step='parley author "Every day at 9 fetch https://…"')
    written = asyncio.run(_author(text, model=model, yes_to_defaults=yes_to_defaults))
    Output(as_json=as_json).result(written, in_words(written))
    errors = [problem for problem in written["problems"] if problem["severity"] == "error"]
    return 0 if written["definition"] and not errors else CHECK_FAILED


async def _author(text: str, *, model: str | None, yes_to_defaults: bool) -> dict[str, Any]:
    from app.cli.models import model_router
    from app.settings import Settings
    from graphs import catalogue
    from graphs.design import DesignDeps, author

    settings = Settings() if model is None else Settings(model=model)
    deps = DesignDeps(models=model_router(settings), catalogue=catalogue.load(), propose=_nowhere)
    return dict(await author(deps, text, yes_to_defaults=yes_to_defaults))


async def _nowhere(_draft: Any) -> dict[str, Any]:
    """One-shot authoring ends before a proposal."""
    raise AssertionError("parley author proposes nothing")


def in_words(written: dict[str, Any]) -> str:
    """Return the definition, and as comments whatever a person should know about it."""
    lines = [f"# problem: {problem['message']} [{problem['code']}]" for problem in written["problems"]]
    lines += [f"# assumption: {_text(item)}" for item in written["assumptions"]]
    lines += [f"# question: {_text(item)}" for item in written["questions"]]
    if written["definition"]:
        return "\n".join([*lines, written["definition"].rstrip("\n")])
    return "\n".join(lines) or "# nothing was written"


def _text(item: Any) -> str:
    return str(item.get("text") or item.get("question") or item) if isinstance(item, dict) else str(item)
