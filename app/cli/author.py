"""`parley author TEXT`: one wish in, one checked definition out; no database."""

from __future__ import annotations

import asyncio
import getpass
from typing import Annotated, Any

import typer

from app.cli.failures import CHECK_FAILED, CommandFailed
from app.cli.options import Json
from app.cli.output import Output, visible


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
    output = Output(as_json=as_json)
    if as_json or written["definition"]:
        output.result(written, in_words(written, yes_to_defaults=yes_to_defaults))
    else:
        output.err.print(visible("\n".join(notes(written, yes_to_defaults=yes_to_defaults)) or "Nothing was written."))
    errors = [problem for problem in written["problems"] if problem["severity"] == "error"]
    return 0 if written["definition"] and not errors else CHECK_FAILED


async def _author(text: str, *, model: str | None, yes_to_defaults: bool) -> dict[str, Any]:
    from app.cli.models import model_router
    from app.settings import Settings
    from graphs import catalogue
    from graphs.design import DesignDeps, author

    settings = Settings()
    if model is not None:  # for all agents
        settings = Settings(model=model, model_classifier="", model_planner="", model_summarizer="", model_agent="")
    models = model_router(settings)
    try:
        deps = DesignDeps(models=models, catalogue=catalogue.load(), propose=_nowhere, person=_user())
        return dict(await author(deps, text, yes_to_defaults=yes_to_defaults))
    finally:
        await models.aclose()


def _user() -> str:
    """Return who "me" is in a wish: the operating system's user, as whom the command line acts."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


async def _nowhere(_draft: Any) -> dict[str, Any]:
    """One-shot authoring ends before a proposal."""
    raise AssertionError("parley author proposes nothing")


def in_words(written: dict[str, Any], *, yes_to_defaults: bool = False) -> str:
    """Return the definition, and as comments whatever a person should know about it: the text can be piped into a file."""
    told = notes(written, yes_to_defaults=yes_to_defaults)
    return "\n".join([*(f"# {line}" for note in told for line in note.splitlines()), written["definition"].rstrip("\n")])


def notes(written: dict[str, Any], *, yes_to_defaults: bool = False) -> list[str]:
    """Return what is wrong, assumed and still open, a line or two each; without a definition also what was understood."""
    lines = [f"{problem['severity']}: {problem['message']} [{problem['code']}]{_next(problem['hint'])}" for problem in written["problems"]]
    if not written["definition"] and not lines:
        lines += [f"understood: {words}" for words in written.get("understood", ())]
    lines += [f"assumed: {_text(item)}" for item in written["assumptions"]]
    lines += [f"question: {_text(item)}{_options(item, yes_to_defaults=yes_to_defaults)}" for item in written["questions"]]
    return lines


def _next(hint: str) -> str:
    return f"\n  next: {hint}" if hint else ""


def _text(item: Any) -> str:
    return str(item.get("text") or item) if isinstance(item, dict) else str(item)


def _options(item: Any, *, yes_to_defaults: bool) -> str:
    """Return how to answer: the default can be taken only where there is one, and not twice."""
    if not isinstance(item, dict):
        return ""
    options = ", ".join(map(str, item.get("options") or ()))
    among = f", for example: {options}" if options else ""
    if item.get("default") is None or yes_to_defaults:
        return f"\n  say it in the wish{among}"
    return f"\n  say it in the wish{among}; or take “{item['default']}” with --yes-to-defaults"
