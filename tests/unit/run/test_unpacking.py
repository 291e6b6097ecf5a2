"""Packed answers: bombs are refused before they go off, and what is broken says so."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib

import pytest

from graphs.run.unpacking import TooLarge, Unpackable, Unpacker


def unpack(coding: str, *pieces: bytes, limit: int = 1_000_000) -> bytes:
    unpacker = Unpacker(coding, limit)
    for piece in pieces:
        unpacker.add(piece)
    return unpacker.done()


def bare_deflate(text: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return stream.compress(text) + stream.flush()


@pytest.mark.parametrize(
    ("coding", "pieces"),
    [
        ("", [b"hel", b"lo"]),
        ("identity", [b"hello"]),
        ("gzip", [gzip.compress(b"hello")]),
        ("x-gzip", [bytes([byte]) for byte in gzip.compress(b"hello")]),
        ("GZIP", [gzip.compress(b"hel") + gzip.compress(b"lo") + b"\0\0\0"]),
        ("deflate", [zlib.compress(b"hello")]),
        ("deflate", [bare_deflate(b"hello")]),
    ],
)
def test_what_servers_send_is_read(coding: str, pieces: list[bytes]) -> None:
    assert unpack(coding, *pieces) == b"hello"


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_nothing_packed_is_nothing(coding: str) -> None:
    """A HEAD is answered with the coding of what a GET would bring."""
    assert unpack(coding) == b""


def test_a_bomb_takes_no_more_memory_than_the_limit() -> None:
    """100 MB of zeros in 100 KB."""
    packer = zlib.compressobj(wbits=zlib.MAX_WBITS | 16)
    bomb = b"".join(packer.compress(bytes(10_000_000)) for _ in range(10)) + packer.flush()
    tracemalloc.start()
    with pytest.raises(TooLarge):
        unpack("gzip", bomb, limit=2_000_000)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert most < 20_000_000


def test_a_body_that_comes_for_ever_and_unpacks_to_nothing_ends() -> None:
    with pytest.raises(TooLarge):
        unpack("gzip", *[gzip.compress(b"")] * 1000, limit=10_000)


@pytest.mark.parametrize(
    ("coding", "body", "words"),
    [
        ("gzip, gzip", gzip.compress(gzip.compress(b"x")), "packed 2 times over"),
        ("br", b"x", "packed as 'br', which was not asked for"),
        ("gzip", b"plain text", "says it is packed as gzip, and is not"),
        ("deflate", b"plain text", "says it is packed as deflate, and is not"),
        ("gzip", gzip.compress(b"hello")[:-9], "breaks off"),
    ],
)
def test_what_cannot_be_unpacked_says_why(coding: str, body: bytes, words: str) -> None:
    with pytest.raises(Unpackable, match=words):
        unpack(coding, body)
