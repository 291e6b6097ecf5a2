"""What a `try` does about failures, in words: how often it tries, what it catches, what it does then."""

from __future__ import annotations

from typing import Any

from dsl.jq_words import condition_words
from dsl.pointer import get
from dsl.walk import Step
from dsl.words import duration_words, joined, spoken

JSON = Any


def try_words(step: Step, data: JSON) -> str:
    reason = catch_words(step.task)
    fails = f"if it fails{f' {reason}' if reason else ''}"
    policy = retry_policy(step.task, data)
    count, lasting = get(policy, "/limit/attempt/count"), get(policy, "/limit/duration")
    if policy is None or (isinstance(count, int) and count < 1):
        return f"Try, and do something else {fails}" if isinstance(get(step.task, "/catch/do"), list) else f"Try, and go on even {fails}"
    tries = f"Up to {count + 1} tries" if isinstance(count, int) else "Try again and again"
    longest = get(policy, "/limit/attempt/duration")
    tries += f" of at most {duration_words(longest)}" if isinstance(longest, str | dict) else ""
    tries += f" within {duration_words(lasting)}" if isinstance(lasting, str | dict) else ""
    wait = _pause(policy)
    return f"{tries}{wait}{',' if wait else ''} {fails}{_retried(policy)}"


def _pause(policy: dict[str, JSON]) -> str:
    """Return ", 2 seconds apart and twice as long each time", with what chance adds."""
    delay, backoff, chance = policy.get("delay"), policy.get("backoff"), policy.get("jitter")
    ends = [chance.get(end) for end in ("from", "to")] if isinstance(chance, dict) else []
    random = " to ".join(duration_words(end) for end in ends if isinstance(end, str | dict))
    if not isinstance(delay, str | dict):
        return f", {random} apart by chance" if random else ""
    grows = next((key for key in ("exponential", "linear") if isinstance(backoff, dict) and key in backoff), "")
    longer = {"exponential": " and twice as long each time", "linear": f" and {duration_words(delay)} longer each time"}.get(grows, "")
    return f", {duration_words(delay)} apart{longer}{f', plus {random} by chance' if random else ''}"


def _retried(policy: dict[str, JSON]) -> str:
    """Return "; tries again only if the status is 503"."""
    when, unless = policy.get("when"), policy.get("exceptWhen")
    words = f" only if {condition_words(when)}" if isinstance(when, str) else ""
    words += f" unless {condition_words(unless)}" if isinstance(unless, str) else ""
    return f"; tries again{words}" if words else ""


def catch_words(task: dict[str, JSON]) -> str:
    """Return what a `catch` reacts to: "with status 503", "" when it is any failure."""
    words = []
    wanted = get(task, "/catch/errors/with")
    if isinstance(wanted, dict):
        kind, status = wanted.get("type"), wanted.get("status")
        words += [f"a {spoken(kind.rstrip('/').rpartition('/')[2])} error"] if isinstance(kind, str) else []
        words += [f"status {status}"] if status is not None and not words else []
        words = [f"{words[0]} (status {status})"] if status is not None and isinstance(kind, str) else words
        words += [f"the {key} “{wanted[key]}”" for key in ("title", "detail", "instance") if isinstance(wanted.get(key), str)]
    said = f"with {joined(words)}" if words else "in the way named" if isinstance(wanted, dict) and wanted else ""
    when, unless = get(task, "/catch/when"), get(task, "/catch/exceptWhen")
    said += f" and {condition_words(when)}" if isinstance(when, str) else ""
    return (said + (f" unless {condition_words(unless)}" if isinstance(unless, str) else "")).strip()


def failure_words(task: dict[str, JSON]) -> str:
    """Return when `catch.do` of a try runs: "If it fails with status 503", "If it still fails" after retries."""
    still = "still fails" if isinstance(get(task, "/catch/retry"), str | dict) else "fails"
    return f"If it {still} {catch_words(task)}".rstrip()


def retry_policy(task: dict[str, JSON], data: JSON) -> dict[str, JSON] | None:
    """Return the retry policy of a try, the declared one where it is named; None when there is none."""
    policy = get(task, "/catch/retry")
    if isinstance(policy, str):
        policies = get(data, "/use/retries")
        policy = policies.get(policy) if isinstance(policies, dict) else None
    return policy if isinstance(policy, dict) else None
