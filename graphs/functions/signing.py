"""Signed web hooks in the format of Standard Webhooks: the receiver can tell who sent it, when, and that nothing was changed.

Source: github.com/standard-webhooks/standard-webhooks, spec 1.0.0.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

from graphs.run.errors import WorkflowError


def headers(secret: str, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """
    Return `webhook-id`, `webhook-timestamp` and `webhook-signature`.

    Args:
        secret: "whsec_" and the key in base64.

    Raises:
        WorkflowError: configuration, when the secret is none.
    """
    stamp = str(int(at.timestamp()))
    signed = b".".join((id_.encode(), stamp.encode(), body))
    digest = hmac.new(_key(secret), signed, hashlib.sha256).digest()
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": f"v1,{base64.b64encode(digest).decode()}"}


def _key(secret: str) -> bytes:
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError) as error:
        raise WorkflowError.of("configuration", "the secret of a web hook is 'whsec_' and base64: this one is not") from error
    if len(key) < 16:
        raise WorkflowError.of("configuration", f"the secret of a web hook has 24 to 64 bytes, and this one {len(key)}")
    return key
