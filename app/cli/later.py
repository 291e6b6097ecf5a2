"""Commands of the contract that this version does not have yet. They say so, and exit 2."""

from __future__ import annotations

import typer

from app.cli.failures import CommandFailed

NOT_YET = {
    "chat": ("talk to Parley in the terminal", "the chat in the browser does: parley up"),
    "eval": ("measure the authoring with cases", "evals/README.md says what will live there"),
}


def not_yet(command: str, does: str, instead: str) -> CommandFailed:
    """Return the plain answer for a command that is not there yet."""
    return CommandFailed(
        f"`parley {command}` is not there yet",
        where=f"parley {command}",
        why=f"it will {does}; this version does not have it",
        next_step=f"until then: {instead}" if instead else "",
        code="not-yet",
    )


def register(app: typer.Typer) -> None:
    """Add every command that is not there yet; whatever arguments it gets, it answers the same."""
    for name, (does, instead) in NOT_YET.items():
        app.command(
            name,
            help=f"(Not there yet.) Will {does}.",
            rich_help_panel="Not there yet",
            context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
        )(_answer(name, does, instead))


def _answer(name: str, does: str, instead: str):  # type: ignore[no-untyped-def]  # typer reads the inner signature
    def answer(ctx: typer.Context) -> int:
        raise not_yet(name, does, instead)

    return answer
