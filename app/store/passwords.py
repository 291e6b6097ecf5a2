"""Passwords: scrypt, 16 MB and about 50 ms a try (OWASP's second choice of parameters: N = 2^14 … 2^17, r = 8, p = 1)."""

from __future__ import annotations

import hashlib
import hmac
import os

N, R, P = 2**14, 8, 1
NOBODY = "scrypt$16384$8$1$00000000000000000000000000000000$" + "00" * 32


def hash_password(password: str) -> str:
    salt = os.urandom(16)
    return f"scrypt${N}${R}${P}${salt.hex()}${_scrypt(password, salt, N, R, P).hex()}"


def matches(password: str, kept: str | None) -> bool:
    """Compare in constant time; with nobody's hash (*kept* is None) the same work is done and the answer is False."""
    _, n, r, p, salt, digest = (kept or NOBODY).split("$")
    found = _scrypt(password, bytes.fromhex(salt), int(n), int(r), int(p))
    return hmac.compare_digest(found, bytes.fromhex(digest)) and kept is not None


def _scrypt(password: str, salt: bytes, n: int, r: int, p: int) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, n=n, r=r, p=p, dklen=32, maxmem=64 * 1024 * 1024)
