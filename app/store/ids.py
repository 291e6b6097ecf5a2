"""Ids of rows: they sort by the time they were made, so that indexes grow at their end."""

from __future__ import annotations

import os
import time
import uuid

_DIGITS = "0123456789abcdefghijklmnopqrstuv"  # base 32 that sorts as what it stands for (RFC 4648, section 7)


def new_id() -> str:
    """Return a UUID of version 7 (RFC 9562)."""
    value = _milliseconds() << 80 | int.from_bytes(os.urandom(10), "big")
    value = value & ~(0xF << 76) | 0x7 << 76  # version
    value = value & ~(0x3 << 62) | 0x2 << 62  # variant
    return str(uuid.UUID(int=value))


def new_run_id() -> str:
    """Return 26 letters and digits, ten less than a UUID: every row of a journal has its run's id twice, in the table and in the index."""
    value = _milliseconds() << 80 | int.from_bytes(os.urandom(10), "big")
    return "".join([_DIGITS[value >> shift & 31] for shift in range(125, -1, -5)])


def _milliseconds() -> int:
    return time.time_ns() // 1_000_000 & (2**48 - 1)
