"""Mail over SMTP: one message, encrypted wherever the server can, the password never in the clear.

Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (implicit TLS is `smtps`, port 465).
"""

from __future__ import annotations

import asyncio
import smtplib
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from email.errors import MessageError
from email.message import EmailMessage
from email.utils import parseaddr
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from graphs.run.errors import WorkflowError

if TYPE_CHECKING:
    from graphs.run.connections import Connection

NO_SERVER = "no mail server is configured: set PARLEY_SMTP_URL=smtp://user:password@host:587?from=parley@example.org, or name a connection"
_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A mail server as the operator names it."""

    name: str  # "the mail server" or "the mail server of connection 'mail'"
    host: str
    port: int
    implicit_tls: bool
    user: str
    password: str
    sender: str


def of_url(url: str, *, name: str = "the mail server", user: str = "", password: str = "", sender: str = "") -> Server:
    """Return the server of `smtp[s]://user:password@host:port?from=address`. Raises WorkflowError (configuration) when it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise WorkflowError.of("configuration", f"the address of {name} cannot be read: its port is no number") from error
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname:
        raise WorkflowError.of("configuration", f"the address of {name} is no smtp:// or smtps:// address")
    own = unquote(parts.username or "")
    return Server(
        name=name,
        host=parts.hostname,
        port=port or (465 if parts.scheme == "smtps" else 25),
        implicit_tls=parts.scheme == "smtps",
        user=user or own,
        password=password or unquote(parts.password or ""),
        sender=sender or parse_qs(parts.query).get("from", [""])[0] or (own if "@" in own else "") or "parley@localhost",
    )


def of_connection(connection: Connection) -> Server:
    """Return the server of a connection of kind smtp. Raises WorkflowError (configuration)."""
    user, password, sender = (str(connection.values.get(setting) or "") for setting in ("user", "password", "from"))
    name = f"the mail server of connection '{connection.name}'"
    return of_url(connection.text("url"), name=name, user=user, password=password, sender=sender)


def message(server: Server, to: Sequence[str], title: str, text: str, page: str, *, id_: str) -> EmailMessage:
    """Return the message, with *page* (HTML) as the other way to read it. Raises WorkflowError (validation)."""
    for one in to:
        if "@" not in parseaddr(one)[1] or not one.isprintable():
            raise WorkflowError.of("validation", f"'{one}' is no address an email can be sent to")
    try:
        built = EmailMessage()
        built["From"] = server.sender
        built["To"] = ", ".join(to)
        built["Subject"] = " ".join(title.split()) or "Message from Parley"
        built["Message-ID"] = f"<{id_}@parley>"
        built["Auto-Submitted"] = "auto-generated"  # RFC 3834: no robot answers it
        built.set_content(text)
        if page:
            built.add_alternative(page, subtype="html")
    except (ValueError, IndexError, MessageError) as error:  # the library's words are about its own insides
        raise WorkflowError.of("validation", f"'{', '.join(to)}' cannot be written to, or the text cannot be sent") from error
    return built


async def send(server: Server, built: EmailMessage, to: Sequence[str]) -> list[str]:
    """Hand the message over; return the addresses that were not taken. Raises WorkflowError when none was, or nobody answered."""
    try:
        refused = await asyncio.to_thread(_send, server, built, to)
    except smtplib.SMTPRecipientsRefused as error:
        why = next(iter(error.recipients.values()), (0, b""))
        raise WorkflowError.of("communication", f"{server.name} took the message for nobody of {', '.join(to)}: {_said(why)}") from error
    except smtplib.SMTPAuthenticationError as error:
        raise WorkflowError.of("authentication", f"{server.name} refused user and password: {_said(error.args)}") from error
    except ssl.SSLError as error:
        raise WorkflowError.of("communication", f"no encrypted connection to {server.name}: {error.reason or error}") from error
    except (smtplib.SMTPException, OSError) as error:
        raise WorkflowError.of("communication", f"{server.name} did not take the message to {', '.join(to)}: {error}") from error
    return sorted(refused)


def _said(answer: Sequence[object]) -> str:
    words = answer[-1]
    return words.decode("utf-8", "replace") if isinstance(words, bytes) else str(words)


def _send(server: Server, built: EmailMessage, to: Sequence[str]) -> list[str]:
    tls = ssl.create_default_context()
    if server.implicit_tls:
        with smtplib.SMTP_SSL(server.host, server.port, timeout=_TIMEOUT_S, context=tls) as client:
            return _hand_over(client, server, built, to, encrypted=True)
    with smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT_S) as client:
        client.ehlo()
        encrypted = client.has_extn("starttls")
        if encrypted:
            client.starttls(context=tls)
            client.ehlo()
        return _hand_over(client, server, built, to, encrypted=encrypted)


def _hand_over(client: smtplib.SMTP, server: Server, built: EmailMessage, to: Sequence[str], *, encrypted: bool) -> list[str]:
    if server.user:
        if not encrypted and not _is_this_machine(server.host):
            raise smtplib.SMTPException("it offers no encryption (STARTTLS), and a password is not sent without")
        client.login(server.user, server.password)
    return list(client.send_message(built, to_addrs=[parseaddr(one)[1] for one in to]))


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
