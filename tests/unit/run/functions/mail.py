"""A mail server on loopback that speaks as much SMTP as notifications need: STARTTLS, TLS from the start, AUTH, refused receivers."""

from __future__ import annotations

import asyncio
import base64
import datetime
import ssl
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path


@dataclass
class Mail:
    """What the server was told."""

    port: int = 0
    messages: list[str] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)  # "user/password"
    encrypted: bool = False


@asynccontextmanager
async def mail_server(
    *, tls: ssl.SSLContext | None = None, implicit: bool = False, login: str = "", refuses: Sequence[str] = ()
) -> AsyncIterator[Mail]:
    """
    Args:
        tls: Offered by STARTTLS, or used from the start when *implicit*.
        login: "user/password" that it asks for.
        refuses: Receivers it does not take.
    """
    mail = Mail()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        mail.encrypted = implicit
        writer.write(b"220 test ESMTP\r\n")
        while line := (await reader.readline()).decode().strip():
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                offers = [*(["STARTTLS"] if tls and not mail.encrypted else []), *(["AUTH PLAIN"] if login else []), "8BITMIME"]
                writer.write("".join(f"250-{one}\r\n" for one in ["test", *offers[:-1]]).encode() + f"250 {offers[-1]}\r\n".encode())
            elif verb == "STARTTLS":
                writer.write(b"220 go ahead\r\n")
                await writer.start_tls(tls)  # type: ignore[arg-type]
                mail.encrypted = True
            elif verb == "AUTH":
                _, user, password = base64.b64decode(line.split(" ")[2]).decode().split("\0")
                mail.logins.append(f"{user}/{password}")
                writer.write(b"235 welcome\r\n" if mail.logins[-1] == login else b"535 wrong password\r\n")
            elif verb == "RCPT":
                address = line.partition("<")[2].partition(">")[0]
                writer.write(b"550 no such user\r\n" if address in refuses else b"250 ok\r\n")
                mail.receivers += [] if address in refuses else [address]
            elif verb == "DATA":
                writer.write(b"354 go\r\n")
                mail.messages.append((await reader.readuntil(b"\r\n.\r\n")).decode())
                writer.write(b"250 taken\r\n")
            else:
                writer.write(b"221 bye\r\n" if verb == "QUIT" else b"250 ok\r\n")
                if verb == "QUIT":
                    break
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls if implicit else None)
    mail.port = server.sockets[0].getsockname()[1]
    try:
        yield mail
    finally:
        server.close()
        await server.wait_closed()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Write a certificate for 127.0.0.1 into *folder*; return it, and a server's context that has it."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    import ipaddress

    names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(names, critical=False).add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = folder / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    keyed = folder / "both.pem"
    plain = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    keyed.write_bytes(plain + path.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(keyed)
    return path, context
