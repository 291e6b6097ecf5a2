"""What the cards show: props out of views, and the fixed ids that let any process find a card again.

A card is a picture of the database, never its source: buttons send ids and a digest, the server looks everything up again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from app.web.clock import utc_now
from app.web.conversation import Conversation, fixed_id

ELEMENTS = {"proposal": "ProposalCard", "run": "RunCard", "task": "TaskCard", "questions": "QuestionsCard", "secret": "SecretCard"}
PEOPLE = ("approve", "ask")
ENDED = ("completed", "faulted", "cancelled")
Props = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardIds:
    """Where a card is: its element and the message it hangs on."""

    kind: str
    subject: str
    element: str
    message: str

    @property
    def name(self) -> str:
        """The card's file, without `.jsx`."""
        return ELEMENTS[self.kind]


def card_ids(conversation_id: str, kind: str, subject: str) -> CardIds:
    """Return the ids of the card that shows *subject* in this conversation."""
    element = fixed_id(conversation_id, kind, subject)
    return CardIds(kind, subject, element, fixed_id(element, "message"))


async def show(conversation: Conversation, kind: str, subject: str, props: Props, *, text: str = "") -> CardIds:
    """Put the card into the conversation, or bring it up to date where it is."""
    ids = card_ids(conversation.id, kind, subject)
    if await conversation.store.element(conversation.who.tenant, ids.element) is None:
        await conversation.card(ids.name, props, element_id=ids.element, message_id=ids.message, text=text)
    else:
        await refresh(conversation, kind, subject, props)
    return ids


async def refresh(conversation: Conversation, kind: str, subject: str, props: Props) -> None:
    """Bring a card that is in the conversation up to date."""
    ids = card_ids(conversation.id, kind, subject)
    await conversation.update_card(ids.name, props, element_id=ids.element, message_id=ids.message)


def proposal_props(view: Mapping[str, Any], *, may_decide: bool) -> Props:
    """Props of a ProposalCard: `ProposalView.to_json()` and whether the reader may decide."""
    return {**view, "may_decide": may_decide}


def run_props(view: Mapping[str, Any]) -> Props:
    """Props of a RunCard: `RunView.to_json()` and the server's clock, so that elapsed time is right on a wrong clock."""
    return {**view, "now": utc_now()}


def task_subject(run_id: str, path: str) -> str:
    """Return what a human task is called among the cards."""
    return f"{run_id}{path}"


def waiting_tasks(view: Mapping[str, Any]) -> Iterator[tuple[str, Props]]:
    """Yield (subject, props) of a TaskCard for each person a run waits for."""
    for item in view.get("awaiting") or []:
        if item["kind"] not in PEOPLE:
            continue
        props = {name: item.get(name) for name in ("path", "title", "message", "data", "schema", "assignee")}
        more = {"run": view["id"], "task": item["kind"], "status": "open", "workflow": view.get("title") or view["name"]}
        yield task_subject(view["id"], item["path"]), {**props, **more, "deadline": item.get("wake_at")}


def answered(props: Mapping[str, Any], *, value: Any = None, by: str = "") -> Props:
    """Return a TaskCard's props after the wait ended; without *by* it ended elsewhere."""
    answer = {"value": value, "by": by, "at": utc_now()} if by else props.get("answer")
    return {**props, "status": "answered", "answer": answer}


def questions_props(element_id: str, questions: list[Mapping[str, Any]]) -> Props:
    """Props of an open QuestionsCard."""
    return {"card": element_id, "status": "open", "questions": [dict(question) for question in questions]}
