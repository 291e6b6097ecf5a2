"""The judge of histories refuses what must not happen, and nothing else."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from tests.chaos.history import Claim, Effect, Expected, History, Line, Unknown, violations

RUN = "r1"
POST, PUT = "/do/0/left", "/do/1/store"
EXPECTED = Expected({"done": True}, frozenset({("left", ""), ("store", "")}))


def effect(at: float, path: str = POST, *, worker: str = "w1", performed: bool = True) -> Effect:
    key = hashlib.sha256(f"{RUN} {path} 1".encode()).hexdigest()[:32]
    return Effect(at=at, place=(path.rpartition("/")[2], ""), once=path == POST, performed=performed, key=key, worker=worker)


def line(at: float, path: str = POST, *, kind: str = "step", worker: str = "w1", epoch: int = 1) -> Line:
    status = "started" if kind == "intent" else "finished"
    return Line(at=at, path=path, reference=path, attempt=1, kind=kind, status=status, epoch=epoch, worker=worker)


CALM = History(
    run=RUN, workflow="orders", status="completed", output={"done": True},
    claims=[Claim(at=0.0, epoch=1, worker="w1")],
    lines=[line(1.0, kind="intent"), line(3.0), line(6.0, PUT)],
    effects=[effect(2.0), effect(5.0, PUT)],
    accepted=frozenset({"e1"}), heard=["e1"],
)  # fmt: skip
# killed after the post left: the next worker asks, somebody says that it happened, and the put is done twice because of a second kill
ROUGH = replace(
    CALM,
    claims=[Claim(at=0.0, epoch=1, worker="w1"), Claim(at=10.0, epoch=2, worker="w2"), Claim(at=20.0, epoch=3, worker="w3")],
    lines=[line(1.0, kind="intent"), line(12.0, worker="w2", epoch=2), line(22.0, PUT, worker="w3", epoch=3)],
    effects=[effect(2.0), effect(13.0, PUT, worker="w2"), effect(21.0, PUT, worker="w3")],
    unknown=[Unknown(at=11.0, path=POST, happened=True)],
)


def codes(history: History) -> set[str]:
    return {violation.code for violation in violations(history, EXPECTED)}


@pytest.mark.parametrize("history", [CALM, ROUGH])
def test_what_may_happen_is_not_refused(history: History) -> None:
    assert violations(history, EXPECTED) == []


def test_a_run_may_wait_for_somebody_to_say_what_became_of_the_step_in_flight() -> None:
    waiting = replace(
        CALM, status="waiting", reason="outcome-unknown", output=None, lines=[line(1.0, kind="intent")], effects=[effect(2.0)],
        unknown=[Unknown(at=11.0, path=POST)],
    )  # fmt: skip

    assert violations(waiting, EXPECTED) == []


def test_a_duplicated_effect() -> None:
    assert "duplicated-effect" in codes(replace(ROUGH, effects=[*ROUGH.effects, effect(11.5, worker="w2")]))


def test_an_effect_that_was_refused_is_none() -> None:
    assert codes(replace(ROUGH, effects=[effect(1.5, performed=False), *ROUGH.effects])) == set()


def test_a_finished_step_seen_again() -> None:
    assert codes(replace(CALM, effects=[*CALM.effects, effect(9.0, PUT)])) == {"finished-step-seen-again", "sent-again-for-no-reason"}


def test_an_effect_repeated_though_nobody_had_taken_the_run_over() -> None:
    assert codes(replace(CALM, effects=[*CALM.effects, effect(5.5, PUT)])) == {"sent-again-for-no-reason"}


def test_a_result_without_an_effect() -> None:
    assert codes(replace(CALM, effects=[effect(2.0)])) == {"result-without-effect", "effects-of-another-course"}


def test_an_effect_of_another_course() -> None:
    strange = replace(effect(4.0), place=("right", ""))

    assert codes(replace(CALM, effects=[*CALM.effects, strange])) == {"effects-of-another-course"}


def test_an_effect_with_the_key_of_no_execution() -> None:
    assert codes(replace(CALM, effects=[replace(effect(2.0), key="x"), effect(5.0, PUT)])) == {"key-of-no-execution"}


def test_an_effect_after_the_lease_was_lost() -> None:
    late = [effect(2.0), effect(13.0, PUT, worker="w1"), effect(21.0, PUT, worker="w3")]

    assert codes(replace(ROUGH, effects=late)) == {"effect-after-the-lease-was-lost"}


def test_a_worker_stopped_while_it_sent_does_no_harm_with_a_key_and_harm_without() -> None:
    late = effect(11.5, worker="w1")
    stopped = replace(ROUGH, effects=[*ROUGH.effects, replace(late, performed=False, recognised=True)], stopped=frozenset({"w1"}))

    assert codes(stopped) == set()
    assert "effect-after-the-lease-was-lost" in codes(replace(stopped, stopped=frozenset()))
    assert "effect-after-the-lease-was-lost" in codes(replace(stopped, effects=[*ROUGH.effects, replace(late, key="")]))


def test_an_effect_sent_twice_is_one_too_many_also_where_the_other_side_knew_it_again() -> None:
    again = replace(effect(11.5, worker="w2"), performed=False, recognised=True)

    assert "duplicated-effect" in codes(replace(ROUGH, effects=[*ROUGH.effects, again]))


def test_a_lost_event_and_one_heard_twice() -> None:
    assert codes(replace(CALM, accepted=frozenset({"e1", "e2"}))) == {"lost-event"}
    assert codes(replace(CALM, heard=["e1", "e1"])) == {"event-heard-twice"}


def test_a_row_written_under_an_old_epoch() -> None:
    """The row went in while the second worker held the run, and it was the first one's."""
    lines = [line(1.0, kind="intent"), line(12.0, worker="w1", epoch=2), line(22.0, PUT, worker="w3", epoch=3)]

    assert codes(replace(ROUGH, lines=lines)) == {"row-under-an-old-epoch"}


def test_a_finished_step_that_ran_again() -> None:
    assert codes(replace(CALM, lines=[*CALM.lines, replace(line(7.0), attempt=2)])) == {"finished-step-ran-again"}


def test_a_wrong_result_and_a_wrong_end() -> None:
    assert codes(replace(CALM, output=None)) == {"wrong-result"}
    assert codes(replace(CALM, status="faulted", output=None)) == {"wrong-end"}
    assert codes(replace(CALM, status="waiting", reason="event", output=None)) == {"wrong-end"}


def test_an_outcome_asked_for_that_was_known_or_never_begun() -> None:
    assert codes(replace(ROUGH, unknown=[Unknown(at=13.0, path=POST, happened=True)])) == {"known-outcome-asked-for"}
    assert codes(replace(ROUGH, unknown=[Unknown(at=0.5, path=POST, happened=False)])) == {"known-outcome-asked-for"}
