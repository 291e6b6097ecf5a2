"""`notify`: tell somebody, by chat, email, web hook or a Slack-compatible web hook. Returns `{channel, delivered: true}`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from graphs.documents import markdown, told
from graphs.functions import mailing, signing
from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.connections import Connection
    from graphs.run.function_api import FunctionCall


def repeatable(arguments: Mapping[str, Any]) -> bool:
    """A notice in the chat is kept once per step, whatever happens."""
    return arguments.get("channel") == "chat"


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Send it. Raises WorkflowError (configuration, validation, communication, authorization)."""
    channel, title = arguments["channel"], str(arguments.get("title") or "")
    text = "" if arguments.get("text") is None else str(arguments["text"])
    formatted = arguments.get("format") == "markdown"
    said: dict[str, Any] = {"channel": channel, "delivered": True}
    if channel == "chat":
        await call.notices.post(path=call.path, channel="chat", to=", ".join(_receivers(arguments)), title=title, text=text)
    elif channel == "email":
        refused = await _email(arguments, call, title, text, formatted=formatted)
        said |= {"refused": refused} if refused else {}
    elif channel == "slack":
        body = told.slack(text) if formatted else text
        await _hook(arguments, call, {"text": f"*{title}*\n{body}" if title else body})
    else:
        to = _receivers(arguments)
        shown = to if isinstance(arguments.get("to"), list) else "".join(to)
        await _hook(arguments, call, {"title": title, "text": told.plain(text) if formatted else text, "to": shown})
    return said


def _receivers(arguments: Mapping[str, Any]) -> list[str]:
    """Return whom `to` names, each once."""
    to = arguments.get("to")
    listed = to if isinstance(to, list) else [to]
    return list(dict.fromkeys(one.strip() for one in listed if one and one.strip()))


async def _hook(arguments: Mapping[str, Any], call: FunctionCall, body: Mapping[str, Any]) -> None:
    connection = await _connection(arguments, call)
    url = connection.text("url") if connection else arguments.get("url")
    if not url:
        raise WorkflowError.of("validation", "a notification by web hook needs a 'url' or a 'connection'")
    sent = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
    headers = {**(connection.headers if connection else {}), "Content-Type": "application/json", "Idempotency-Key": call.key}
    secret = connection.values.get("secret") if connection else None
    if secret:
        headers |= signing.headers(str(secret), call.key, call.now, sent)
    await call.post(str(url), sent, headers, connection.http if connection else None)


async def _connection(arguments: Mapping[str, Any], call: FunctionCall) -> Connection | None:
    name = arguments.get("connection")
    if not name:
        return None
    return await (call.connection(name, "slack") if arguments["channel"] == "slack" else call.connection(name, "webhook", "http"))


async def _email(arguments: Mapping[str, Any], call: FunctionCall, title: str, text: str, *, formatted: bool) -> list[str]:
    """Send one message to everybody; return whom the server did not take it for."""
    name = arguments.get("connection")
    if name:
        server = mailing.of_connection(await call.connection(name, "smtp"))
    elif call.smtp_url:
        server = mailing.of_url(call.smtp_url)
    else:
        raise WorkflowError.of("configuration", mailing.NO_SERVER)
    to = _receivers(arguments)
    if not to:
        raise WorkflowError.of("validation", "a notification by email needs a receiver in 'to'")
    page = markdown.html(text) if formatted else ""
    message = mailing.message(server, to, title, told.plain(text) if formatted else text, page, id_=call.key)
    return await mailing.send(server, message, to)
