"""Addresses in a definition that its runs may not call: said with the proposal, before the first run fails at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import dsl
from dsl.call_phrases import http_target
from dsl.expressions.program import is_expression
from dsl.walk import Step, steps
from graphs.run.addresses import AddressPolicy, suggestion

LOCAL = {"localhost": "127.0.0.1"}  # other names are looked up only when a run calls them
NEVER = "a cloud metadata service"  # nobody is told how to open that


def blocked(data: Any, allow: Sequence[str]) -> list[dict[str, Any]]:
    """Return a warning for each address that is written out in *data* and blocked while PARLEY_HTTP_ALLOW is *allow*."""
    policy, found = AddressPolicy(allow), {}
    for step in steps(data):
        for host in _hosts(step):
            why = _forbidden(host, policy)
            if why and host not in found:
                found[host] = _warning(step, host, why)
    return list(found.values())


def _hosts(step: Step) -> Iterator[str]:
    """Yield the hosts that a task calls, as far as they are written out."""
    with_ = step.task.get("with")
    address = http_target(step)[1] if step.task.get("call") == "http" else with_.get("url") if isinstance(with_, dict) else None
    if isinstance(address, str) and not is_expression(address):
        try:
            host = urlsplit(address).hostname
        except ValueError:
            return
        if host:
            yield host


def _forbidden(host: str, policy: AddressPolicy) -> str:
    try:
        return policy.forbids(LOCAL.get(host, host))
    except ValueError:  # a name
        return ""


def _warning(step: Step, host: str, why: str) -> dict[str, Any]:
    network = suggestion(str(ip_address(LOCAL.get(host, host))))
    until = "" if why == NEVER else " until PARLEY_HTTP_ALLOW names it"
    hint = "" if why == NEVER else f"to allow it, start Parley with PARLEY_HTTP_ALLOW={network}"
    message = f"{host} is {why}: it is blocked for runs{until}"
    return dsl.Problem(code="blocked-address", reference=step.reference, message=message, hint=hint, severity="warning").to_json()
