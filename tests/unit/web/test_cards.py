"""Props and ids of cards."""

from __future__ import annotations

from typing import Any

from app.web import cards

RUN: dict[str, Any] = {
    "id": "r1",
    "name": "large-orders",
    "title": "Large orders",
    "status": "waiting",
    "awaiting": [
        {"path": "/do/2/ask", "kind": "approve", "title": "Post them?", "data": [1], "assignee": "admin", "wake_at": None},
        {"path": "/do/3/pause", "kind": "timer", "wake_at": "2026-11-20T09:00:00Z"},
        {"path": "/do/4/post", "kind": "outcome-unknown", "title": "Did it happen?"},
    ],
}


class TestIds:
    def test_every_process_finds_the_same_card(self) -> None:
        assert cards.card_ids("c1", "run", "r1") == cards.card_ids("c1", "run", "r1")

    def test_no_two_cards_share_an_id(self) -> None:
        ids = [cards.card_ids(c, kind, subject) for c in ("c1", "c2") for kind in ("run", "task") for subject in ("r1", "r2")]

        assert len({one.element for one in ids} | {one.message for one in ids}) == 16

    def test_each_kind_has_its_file(self) -> None:
        from app.web.assets import source

        files = {path.stem for path in (source() / "public" / "elements").glob("*.jsx")}

        assert files == set(cards.ELEMENTS.values())


class TestTasks:
    def test_only_people_get_a_card_of_their_own(self) -> None:
        assert [subject for subject, _ in cards.waiting_tasks(RUN)] == ["r1/do/2/ask"]

    def test_the_card_shows_what_is_asked(self) -> None:
        _, props = next(cards.waiting_tasks(RUN))

        assert (props["title"], props["data"], props["task"], props["status"], props["run"]) == ("Post them?", [1], "approve", "open", "r1")

    def test_an_answer_says_who_and_what(self) -> None:
        props = cards.answered({"title": "Post them?"}, value={"approved": True}, by="admin")

        assert (props["status"], props["answer"]["by"], props["answer"]["value"]) == ("answered", "admin", {"approved": True})

    def test_a_wait_that_ended_elsewhere_names_nobody(self) -> None:
        assert cards.answered({"title": "Post them?"})["answer"] is None
