"""The first minute: what Parley is, which model answers and how to change it, and three wishes to begin with."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Generator
from typing import Any

import chainlit as cl

from app.web.conversation import markdown
from app.web.state import web

NAME = "Parley"
HEAD = "## What shall I take care of?\n\nDescribe it in your words. You get a plan to read and approve before anything happens."
STARTERS = (
    (
        "Try it here: order chairs",
        "approve",
        "Ask me for the number of chairs, then ask me to approve, then notify me in the chat",
    ),
    ("Fetch and summarize", "fetch", "Fetch https://www.example.com/news.json, summarize it, and notify me in the chat"),
    (
        "Large orders, every weekday",
        "calendar",
        "Every weekday at 9 fetch https://shop.example/orders, keep the ones above 100 euro, ask me to approve, then post them to https://shop.example/report",
    ),
)

NAMES = re.compile(r'"[^"]+"|\b[A-Z]+_[A-Z_]+\b')


class Later:
    """An awaitable that makes its coroutine when it is awaited.

    Chainlit also asks for the profiles from inside its running loop, fails, and goes on: a coroutine made for that would be left over.
    """

    def __init__(self, make: Callable[[], Awaitable[Any]]) -> None:
        self._make = make

    def __await__(self) -> Generator[Any, None, Any]:
        return self._make().__await__()


def profiles(_user: cl.User | None, _language: str | None = None) -> Later:
    """Return the one profile: Chainlit shows its text and starters on an empty conversation."""
    return Later(_profiles)


async def _profiles() -> list[cl.ChatProfile]:
    starters = [cl.Starter(label=label, message=message, icon=f"/public/icons/{icon}.svg") for label, icon, message in STARTERS]
    text = f"{HEAD}\n\n{await who_answers()}"
    return [cl.ChatProfile(name=NAME, markdown_description=text, icon="/public/favicon.svg", default=True, starters=starters)]


async def who_answers() -> str:
    """Return in words which model answers, and how to change it."""
    said = (await asyncio.to_thread(lambda: web().container.models)).describe()
    name = "the built-in offline author" if said["kind"] == "offline" else said["name"]
    state = f", which does not answer now: {said['why']}" if said["reachable"] is False else ""
    return markdown(f"Answers come from **{name}**{state}.\n\n{NAMES.sub(_as_code, said['how_to_change'])}")


def _as_code(found: re.Match[str]) -> str:
    return f"`{found[0].strip(chr(34))}`"
