"""Calls made together: as many at once as come while one is under way, each with its own answer or error."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from app.store.together import Together


class Doubling:
    """Doubles numbers, a moment later; all but 13."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.together: Together[int, int] = Together(self.work, name="doubling")

    async def work(self, numbers: Sequence[int]) -> list[int]:
        self.calls.append(list(numbers))
        await asyncio.sleep(0.01)
        if 13 in numbers:
            raise ValueError("not 13")
        return [number * 2 for number in numbers]


async def test_a_lone_call_is_made_at_once_and_those_that_come_meanwhile_together() -> None:
    doubling = Doubling()

    first = asyncio.create_task(doubling.together(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    others = await asyncio.gather(*(doubling.together(number) for number in (2, 3, 4)))

    assert (await first, others) == (2, [4, 6, 8])
    assert doubling.calls == [[1], [2, 3, 4]]


async def test_an_item_that_cannot_be_done_does_not_take_the_others_with_it() -> None:
    doubling = Doubling()

    answers = await asyncio.gather(*(doubling.together(number) for number in (1, 13, 2)), return_exceptions=True)

    assert [str(answer) for answer in answers] == ["2", "not 13", "4"]


async def test_whoever_was_cancelled_before_the_call_is_left_out() -> None:
    doubling = Doubling()
    first = asyncio.create_task(doubling.together(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    gone, stays = asyncio.create_task(doubling.together(2)), asyncio.create_task(doubling.together(3))
    await asyncio.sleep(0)

    gone.cancel()

    assert (await first, await stays) == (2, 6)
    assert doubling.calls == [[1], [3]]


async def test_a_wrong_number_of_answers_is_an_error_and_nobody_waits_for_ever() -> None:
    async def forgetful(numbers: Sequence[int]) -> list[int]:
        return []

    with pytest.raises(ValueError, match="zip"):
        await asyncio.wait_for(Together(forgetful, name="forgetful")(1), 1)


async def test_closing_cancels_who_waits() -> None:
    doubling = Doubling()
    waiting = asyncio.create_task(doubling.together(1))
    await asyncio.sleep(0)

    await doubling.together.close()

    with pytest.raises(asyncio.CancelledError):
        await waiting
