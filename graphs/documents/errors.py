"""What can go wrong with a document."""

from __future__ import annotations


class Unreadable(Exception):
    """A document cannot be read or written; the text says why, for a person."""
