"""The bytes of an answer, unpacked (`Content-Encoding`) within a limit: a bomb is refused before it goes off.

The libraries' own decoding has no limit for one piece, and unpacks as often as an answer says: 64 KB can become gigabytes.
"""

from __future__ import annotations

import zlib
from typing import Any, Final

ACCEPTED: Final = "gzip, deflate"
_PLAIN: Final = ("", "identity")
_GZIP: Final = ("gzip", "x-gzip")


class TooLarge(Exception):
    """There is more than allowed."""


class Unpackable(Exception):
    """It is packed in a way that is not known, or broken; the message says which."""


class Unpacker:
    """Collects one body: `add` its pieces, then `done`."""

    def __init__(self, coding: str, limit: int) -> None:
        """Raises Unpackable for a *coding* that was not asked for."""
        codings = [name for name in (part.strip().lower() for part in coding.split(",")) if name not in _PLAIN]
        if len(codings) > 1:
            raise Unpackable(f"it is packed {len(codings)} times over")
        if codings and codings[0] not in (*_GZIP, "deflate"):
            raise Unpackable(f"it is packed as '{codings[0][:40]}', which was not asked for")
        self._coding = codings[0] if codings else ""
        self._limit = limit
        self._body = bytearray()
        self._stream: Any = zlib.decompressobj(zlib.MAX_WBITS | 16) if self._coding in _GZIP else None
        self._began = False
        self._came = 0  # bytes, packed: nothing may come for ever and unpack to nothing

    def add(self, piece: bytes) -> None:
        """Raises TooLarge and Unpackable."""
        if not self._coding:
            self._body += piece
        elif piece:
            try:
                self._unpack(piece)
            except zlib.error as error:
                raise Unpackable(f"it says it is packed as {self._coding}, and is not") from error
        self._came += len(piece)
        if max(self._came, len(self._body)) > self._limit:
            raise TooLarge

    def done(self) -> bytes:
        """Return the whole. Raises Unpackable when the end is missing."""
        if self._began and not self._stream.eof:
            raise Unpackable("its packed body breaks off")
        return bytes(self._body)

    def _unpack(self, piece: bytes) -> None:
        if self._stream is None:  # `deflate` is zlib's format (RFC 9110, 8.4.1.2); some send it bare
            self._stream = zlib.decompressobj(zlib.MAX_WBITS if piece[0] & 0x0F == 8 else -zlib.MAX_WBITS)
        self._began = True
        while piece and len(self._body) <= self._limit:
            if self._stream.eof:  # one gzip after another is one body (RFC 1952, 2.2)
                if self._coding not in _GZIP or not piece.strip(b"\0"):
                    return
                self._stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
            self._body += self._stream.decompress(piece, self._limit + 1 - len(self._body))
            piece = self._stream.unconsumed_tail or self._stream.unused_data
