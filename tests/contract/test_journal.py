"""What every journal does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from graphs.run.ports import Row
from tests.contract.adapters import Bench

NOW = datetime(2026, 5, 1, 12, 30, 15, 123000, tzinfo=UTC)
ROW = Row(
    path="/do/3/loop/for[12]/0/step#2",
    attempt=1,
    kind="step",
    reference="/do/3/loop/do/0/step",
    status="finished",
    output={"text": "ä€\U0001f600", "list": [1, 2.5, None, True], "empty": {}},
    then="end",
    started_at=NOW,
    ended_at=NOW,
)


async def test_rows_come_back_as_they_were_written_and_in_that_order(bench: Bench) -> None:
    failed = replace(ROW, path="/do/1/b", status="faulted", output=None, error={"type": "https://x.org/e", "status": 400})
    context = replace(ROW, path="/do/2/c", context=None, has_context=True)
    stopped = replace(ROW, path="/do/3/d/cancelled", status="cancelled", output=None)
    journal = bench.journal()

    for row in (ROW, failed, context, stopped):
        journal.write(row)
    await journal.flush()

    assert list(await bench.journal().load()) == [ROW, failed, context, stopped]


async def test_a_row_is_durable_after_the_flush_and_never_changed(bench: Bench) -> None:
    """The same key again is ignored, from this process and from the next; another attempt or kind is another row."""
    journal = bench.journal()
    journal.write(ROW)
    journal.write(replace(ROW, output="other"))
    await journal.flush()
    later = bench.journal()
    await later.load()
    again = [
        replace(ROW, output="third"),
        replace(ROW, attempt=2, output="second attempt"),
        replace(ROW, kind="intent", status="started", output="will"),
    ]
    for row in again:
        later.write(row)
    await later.flush()

    assert [row.output for row in await bench.journal().load()] == [ROW.output, "second attempt", "will"]


async def test_a_flush_without_rows_and_many_rows_in_one_flush_both_work(bench: Bench) -> None:
    journal = bench.journal()
    await journal.flush()
    for number in range(500):
        journal.write(replace(ROW, path=f"/do/0/loop/for[{number}]/0/a", output=number))
    await journal.flush()

    assert [row.output for row in await bench.journal().load()] == list(range(500))


async def test_values_of_any_size_come_back_as_they_were_written(bench: Bench) -> None:
    """Many more than are read in one go, some of them the same value again."""
    page = {"text": "ä" * 70_000}
    error = {"type": "https://x.org/e", "status": 400, "detail": "e" * 70_000}
    rows = [
        *(replace(ROW, path=f"/do/0/loop/for[{number}]/0/a", output=page if number % 100 == 0 else number) for number in range(450)),
        replace(ROW, path="/do/1/b", context=page, has_context=True),
        replace(ROW, path="/do/2/c", status="faulted", output=None, error=error),
    ]
    journal = bench.journal()
    for row in rows[-2:]:
        journal.write(row)
    await journal.flush()
    few = list(await bench.journal().load())
    for row in rows[:-2]:
        journal.write(row)
    await journal.flush()

    assert few == rows[-2:]
    assert list(await bench.journal().load()) == [*rows[-2:], *rows[:-2]]


async def test_a_new_run_has_no_rows(bench: Bench) -> None:
    assert list(await bench.journal().load()) == []
