"""What can go wrong at the web's rim.

WebError(status)
  NotYours      403   the row belongs to another person or another conversation
  NotThere      404   nobody has such a thing (or it is another tenant's: the answer is the same)
  BadPayload    422   an action's payload has another shape than the card sends
"""

from __future__ import annotations

from fastapi import HTTPException


class WebError(HTTPException):
    """An answer other than the one asked for. Chainlit's routes and ours turn it into its HTTP status; the text is for a person."""

    status = 500

    def __init__(self, words: str) -> None:
        super().__init__(self.status, words)


class NotYours(WebError):
    """403."""

    status = 403


class NotThere(WebError):
    """404."""

    status = 404


class BadPayload(WebError):
    """422."""

    status = 422
