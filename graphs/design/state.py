"""What a conversation remembers between turns. JSON-plain: it goes into every checkpoint."""

from __future__ import annotations

from typing import Any, Literal, TypedDict

Pending = Literal["", "questions", "decision"]


class DesignState(TypedDict, total=False):
    """Everything a design thread knows. Nodes return only what changed."""

    user: dict[str, Any]  # the newest message: {"text"} | {"answers"} | {"decision", "text"?}, secrets masked
    intent: dict[str, Any]  # replies.Intent of the newest text
    pending: Pending  # what the person was last asked for
    wishes: list[str]  # what the person wants, oldest first; changes included once they are carried out
    mode: Literal["design", "change"]
    request: str  # the change wish in work
    outline: dict[str, Any]  # replies.Outline
    ledger: list[dict[str, Any]]  # {id, text, status: asked|answered|defaulted, value, turn}
    questions: list[dict[str, Any]]  # open questions, oldest first; three are shown at once
    turn: int
    draft: str  # the definition in work
    base: str  # the last definition that had no errors, "" before the first
    problems: list[dict[str, Any]]  # errors of `draft`
    best: dict[str, Any]  # {"text", "errors", "problems"} of the draft with the fewest errors
    seen: list[str]  # signatures of error sets that were given to a repair
    repairs: int  # model repairs of this draft
    fixes: list[str]  # deterministic fixes, in words
    changed: str  # what a change did, in words
    summary: str
    proposal: dict[str, Any]  # {"proposal_id", "digest", "version"}
    proposed_in: int  # the turn that made the proposal
    usage: dict[str, Any]  # of this turn
    outcome: str  # beyond | unrepaired | refused | "" : why a turn ended without a proposal
    unclear: list[str]  # what was not understood or cannot be, in sentences
    understood: list[str]  # the steps of such a wish that were understood
    offer: str  # a wish near it that is understood; "" when there is none
