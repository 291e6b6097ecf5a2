"""`notify`: tell somebody, by chat, email, web hook or a Slack-compatible web hook. Returns `{channel, delivered: true}`."""

from __future__ import annotations

import asyncio
import json
import smtplib
import ssl
from collections.abc import Mapping
from email.errors import MessageError
from email.message import EmailMessage
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.function_api import FunctionCall

_SMTP_TIMEOUT_S = 30.0


def repeatable(arguments: Mapping[str, Any]) -> bool:
    """A notice in the chat is kept once per step, whatever happens."""
    return arguments.get("channel") == "chat"


async def run(arguments: Mapping[str, Any], call: FunctionCall) -> dict[str, Any]:
    """Send it. Raises WorkflowError (configuration, communication, authorization)."""
    channel = arguments["channel"]
    title, text, to = (str(arguments.get(key) or "") for key in ("title", "text", "to"))
    if channel == "chat":
        await call.notices.post(path=call.path, channel="chat", to=to, title=title, text=text)
    elif channel == "email":
        await _email(call, to, title, text)
    else:
        body = {"text": f"*{title}*\n{text}" if title else text} if channel == "slack" else {"title": title, "text": text, "to": to}
        await _hook(call, arguments.get("url"), body)
    return {"channel": channel, "delivered": True}


async def _hook(call: FunctionCall, url: Any, body: Mapping[str, Any]) -> None:
    if not url:
        raise WorkflowError.of("validation", "a notification by web hook needs a 'url'")
    headers = {"Content-Type": "application/json", "Idempotency-Key": call.key}
    await call.post(str(url), json.dumps(body).encode(), headers)


async def _email(call: FunctionCall, to: str, title: str, text: str) -> None:
    if not call.smtp_url:
        raise WorkflowError.of(
            "configuration", "no mail server is configured: set PARLEY_SMTP_URL=smtp://user:password@host:587?from=parley@example.org"
        )
    if not to:
        raise WorkflowError.of("validation", "a notification by email needs a receiver in 'to'")
    try:
        message = _message(call, to, title, text)
    except (ValueError, IndexError, MessageError) as error:  # the library's words are about its own insides
        raise WorkflowError.of("validation", f"'{to}' is no address an email can be sent to, or its text cannot be sent") from error
    try:
        await asyncio.to_thread(_send, call.smtp_url, message)
    except (smtplib.SMTPException, OSError) as error:
        raise WorkflowError.of("communication", f"the mail server did not take the message to {to}: {error}") from error


def _message(call: FunctionCall, to: str, title: str, text: str) -> EmailMessage:
    assert call.smtp_url
    sender = parse_qs(urlsplit(call.smtp_url).query).get("from", [""])[0] or urlsplit(call.smtp_url).username or "parley@localhost"
    message = EmailMessage()
    message["From"] = unquote(sender)
    message["To"] = to
    message["Subject"] = " ".join(title.split()) or "Message from Parley"
    message["Message-ID"] = f"<{call.key}@parley>"
    message.set_content(text)
    return message


def _send(url: str, message: EmailMessage) -> None:
    server = urlsplit(url)
    host = server.hostname or "localhost"
    if server.scheme == "smtps":
        with smtplib.SMTP_SSL(host, server.port or 465, timeout=_SMTP_TIMEOUT_S, context=ssl.create_default_context()) as client:
            _hand_over(client, url, message)
        return
    with smtplib.SMTP(host, server.port or 25, timeout=_SMTP_TIMEOUT_S) as client:
        client.ehlo()
        if client.has_extn("starttls"):
            client.starttls(context=ssl.create_default_context())
        _hand_over(client, url, message)


def _hand_over(client: smtplib.SMTP, url: str, message: EmailMessage) -> None:
    server = urlsplit(url)
    if server.username:
        client.login(unquote(server.username), unquote(server.password or ""))
    client.send_message(message)
