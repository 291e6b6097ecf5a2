"""What documents were when a version first used them."""

from __future__ import annotations

from tests.contract.adapters import Bench


async def test_the_first_use_of_an_address_counts_however_often_it_is_asked(bench: Bench) -> None:
    pins = bench.pins()

    assert await pins.pin("https://x.org/a.json", "one") == "one"
    assert await pins.pin("https://x.org/a.json", "two") == "one"
    assert await pins.pin("https://x.org/b.json", "two") == "two"
    assert await bench.pins().pin("https://x.org/b.json", "three") == "two"
