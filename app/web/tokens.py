"""Bearer tokens for programs that send events: one a tenant, made from the installation's key, nothing stored.

A token says `parley.TENANT.SIGNATURE`. It lets its holder send events and nothing else; a new `PARLEY_AUTH_SECRET` makes all of them void.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from hashlib import sha256

PREFIX = "parley"


def events_token(auth_secret: str, tenant: str) -> str:
    """Return the token of *tenant*."""
    signature = hmac.digest(auth_secret.encode(), b"events\n" + tenant.encode(), sha256)
    return f"{PREFIX}.{tenant}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def tenant_of_token(auth_secret: str, token: str) -> str | None:
    """Return the tenant a token was made for; None when it is none of ours. Takes the same time for every token of a length."""
    prefix, _, rest = token.partition(".")
    tenant, _, _signature = rest.rpartition(".")
    expected = events_token(auth_secret, tenant)
    return tenant if hmac.compare_digest(expected.encode(), token.encode()) and prefix == PREFIX and tenant else None
