"""`listen`: strategies, filters, correlation, `until`, `foreach`, and what a kill leaves of them."""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import pytest

import graphs.run as run
from dsl.problems import InvalidDefinition
from tests.unit.run.harness import Runs, Tasks, World, definition, until
from tests.unit.run.test_durability import call, hanging

TEMPERATURE = {"with": {"type": "temperature", "data": "${ .temperature > 38 }"}}
BPM = {"with": {"type": "bpm", "data": "${ .bpm < 60 or .bpm > 100 }"}}
OUT = {"one": {"with": {"type": "out"}}}


def event(number: int, type_: str = "t", **more: Any) -> dict[str, Any]:
    return {"specversion": "1.0", "id": str(number), "source": "/s", "type": type_, **more}


def temperature(number: int, value: float, **more: Any) -> dict[str, Any]:
    return event(number, "temperature", data={"temperature": value}, **more)


def bpm(number: int, value: int) -> dict[str, Any]:
    return event(number, "bpm", data={"bpm": value})


def listen(to: dict[str, Any], **more: Any) -> dict[str, Any]:
    read = {"read": more.pop("read")} if "read" in more else {}
    return {"listen": {"to": to, **read}, **more}


async def heard(runs: Runs, to: dict[str, Any], events: list[dict[str, Any]], input: Any = None, **more: Any) -> Any:  # noqa: A002
    """Return the output of a listening to *events*; what it waits for when it waits still."""
    outcome = await runs.start([{"l": listen(to, **more)}], input, events=events)
    assert outcome.status in ("completed", "waiting"), outcome.error
    return outcome.output if outcome.status == "completed" else "waiting"


class TestStrategies:
    async def test_one_takes_the_first_that_fits(self, runs: Runs) -> None:
        assert await heard(runs, {"one": TEMPERATURE}, [temperature(1, 37), temperature(2, 39), temperature(3, 40)]) == [
            {"temperature": 39}
        ]

    async def test_any_takes_one_of_several(self, runs: Runs) -> None:
        assert await heard(runs, {"any": [TEMPERATURE, BPM]}, [temperature(1, 37), bpm(2, 80), bpm(3, 120)]) == [{"bpm": 120}]

    async def test_any_of_none_takes_whatever_comes(self, runs: Runs) -> None:
        assert await heard(runs, {"any": []}, [event(1, "anything", data=7)]) == [7]

    async def test_all_waits_for_one_of_each_in_the_order_they_came(self, runs: Runs) -> None:
        events = [bpm(1, 80), bpm(2, 50), bpm(3, 40), temperature(4, 39)]

        assert await heard(runs, {"all": [TEMPERATURE, BPM]}, events) == [{"bpm": 50}, {"temperature": 39}]
        assert await heard(runs, {"all": [TEMPERATURE, BPM]}, events[:-1]) == "waiting"

    async def test_an_event_counts_for_one_filter_of_all(self, runs: Runs) -> None:
        both = {"with": {"type": "temperature"}}

        assert await heard(runs, {"all": [both, TEMPERATURE]}, [temperature(1, 39)]) == "waiting"
        assert await heard(runs, {"all": [both, TEMPERATURE]}, [temperature(1, 39), temperature(2, 40)]) == [
            {"temperature": 39}, {"temperature": 40},
        ]  # fmt: skip

    async def test_until_events_end_it_and_are_not_in_the_output(self, runs: Runs) -> None:
        """Also when they would fit one of the filters."""
        to = {"any": [TEMPERATURE, {"with": {"type": "o.t"}}], "until": OUT}
        events = [temperature(1, 39), event(2, "in"), temperature(3, 40), event(4, "out", data="bye"), temperature(5, 41)]

        assert await heard(runs, to, events) == [{"temperature": 39}, {"temperature": 40}]
        assert await heard(runs, to, [event(4, "out")]) == []
        assert await heard(runs, to, events[:3]) == "waiting"

    async def test_until_all_of_several_events_came(self, runs: Runs) -> None:
        until_all = {"all": [{"with": {"type": "a"}}, {"with": {"type": "b"}}]}
        events = [event(1, "x", data=1), event(2, "a"), event(3, "x", data=2), event(4, "b"), event(5, "x", data=3)]

        assert await heard(runs, {"any": [{"with": {"type": "x"}}], "until": until_all}, events) == [1, 2]

    @pytest.mark.parametrize(
        ("condition", "count"),
        [
            ("( . | length ) > 3", 4), ("${ length >= 2 }", 2), ("length == 3", 3), (".[-1] == 5", 5), ("any(. == 2 or . == 4)", 2),
            ("${ false }", 0), ("(map(.) | add) > 6 # so much", 4), ("$context == {} and length == 2", 2), ("now > 0", 1),
        ],
    )  # fmt: skip
    async def test_until_a_condition_on_what_was_consumed(self, runs: Runs, condition: str, count: int) -> None:
        events = [event(number, data=number) for number in range(1, 8)]

        found = await heard(runs, {"any": [], "until": condition}, events)

        assert found == (list(range(1, count + 1)) if count else "waiting")

    async def test_until_sees_events_as_they_are_read(self, runs: Runs) -> None:
        events = [event(1, "x"), event(2, "y"), event(3, "z")]

        found = await heard(runs, {"any": [], "until": 'any(.type == "y")'}, events, read="envelope")

        assert found == events[:2]

    async def test_a_condition_that_fails_is_an_error_of_the_task(self, runs: Runs) -> None:
        outcome = await runs.start([{"l": listen({"any": [], "until": ".[0].a.b"})}], events=[event(1, data="text")])

        assert outcome.error is not None
        assert (outcome.error["type"].rpartition("/")[2], outcome.error["instance"]) == ("expression", "/do/0/l")


class TestFilters:
    @pytest.mark.parametrize(
        ("with_", "more", "fits"),
        [
            ({"type": "t"}, {}, True),
            ({"type": "T"}, {}, False),
            ({"type": "t.*"}, {"type": "today"}, True),
            ({"type": "t.*"}, {"type": "not today"}, False),  # from end to end
            ({"type": r"com\.example\.(a|b)"}, {"type": "com.example.b"}, True),
            ({"type": "com.example"}, {"type": "comXexample"}, False),  # dots alone make no pattern
            ({"source": "https://x.example/a?b=(c"}, {"source": "https://x.example/a?b=(c"}, True),  # no pattern at all
            ({"source": "https://x.example/a+b"}, {"source": "https://x.example/a+b"}, True),  # equal goes first
            ({"subject": "o7"}, {}, False),
            ({"priority": 5}, {"priority": 5}, True),
            ({"priority": 5}, {"priority": "5"}, True),  # as a header spells it
            ({"priority": 5}, {"priority": 6}, False),
            ({"subject": "${ .id }"}, {"subject": "o7"}, True),  # from the task's input
            ({"subject": "${ .id }"}, {"subject": "o8"}, False),
            ({"subject": "${ .pattern }"}, {"subject": "oooo"}, False),  # an input is never a pattern
            ({"source": '${ startswith("https:") }'}, {"source": "https://x.example"}, True),
            ({"source": '${ startswith("https:") }'}, {"source": "urn:x"}, False),
            ({"source": '${ . == "/s" }'}, {}, True),
            ({"data": "${ .n > 3 }"}, {"data": {"n": 4}}, True),
            ({"data": "${ .n > 3 }"}, {"data": {"n": 3}}, False),
            ({"data": "${ .n.m > 3 }"}, {"data": {"n": "x"}}, False),  # fails: not for us
            ({"data": "${ .id == $input.id }"}, {"data": {"id": "o7"}}, True),
            ({"data": {"order": {"id": "${ .id }"}}}, {"data": {"order": {"id": "o7", "n": 1}}}, True),
            ({"data": {"order": {"id": "${ .id }"}}}, {"data": {"order": {"id": "o8"}}}, False),
            ({"data": {"n": 1}}, {"data": {"n": 1.0, "m": 2}}, True),
            ({"data": {"n": 1}}, {"data": {"n": True}}, False),
            ({"data": {"n": 1}}, {"data": [1]}, False),
            ({"data": [1, "${ .id }"]}, {"data": [1, "o7"]}, True),
            ({"data": {"name": "A.*"}}, {"data": {"name": "Ada"}}, True),
            ({"data": "Ada|Bob"}, {"data": "Bob"}, True),
        ],
    )
    async def test_what_fits(self, runs: Runs, with_: dict[str, Any], more: dict[str, Any], fits: bool) -> None:
        found = await heard(runs, {"one": {"with": with_}}, [event(1, **{"type_": more.pop("type")} if "type" in more else {}, **more)],
                            {"id": "o7", "pattern": "o*"}, read="envelope")  # fmt: skip

        assert (found != "waiting") is fits

    async def test_an_attribute_without_a_value_is_an_error_not_an_endless_wait(self, runs: Runs) -> None:
        outcome = await runs.start([{"l": listen({"one": {"with": {"subject": "${ .order.id }"}}})}], {"order": {}})

        assert outcome.error is not None
        assert outcome.error["detail"] == "the filter of the event needs a value for 'subject', and '.order.id' gave null"

    def test_a_pattern_that_cannot_be_matched_in_bounded_time_is_refused(self, runs: Runs) -> None:
        with pytest.raises(InvalidDefinition) as refused:
            run.compile(definition([{"l": listen({"one": {"with": {"type": "(?=a)b"}}})}]), runs.functions)

        assert [(problem.code, problem.reference) for problem in refused.value.problems] == [
            ("invalid-pattern", "/do/0/l/listen/to/one/with/type")
        ]

    @pytest.mark.parametrize(
        ("read", "output"), [("data", {"n": 1}), ("raw", '{"n": 1}'), ("envelope", event(1, data={"n": 1}, subject="x"))]
    )
    async def test_read(self, runs: Runs, read: str, output: Any) -> None:
        assert await heard(runs, {"one": {"with": {"type": "t"}}}, [event(1, data={"n": 1}, subject="x")], read=read) == [output]


class TestCorrelation:
    @staticmethod
    def filter(type_: str, **expect: str) -> dict[str, Any]:
        return {"with": {"type": type_}, "correlate": {"order": {"from": ".data.order", **expect}}}

    @pytest.mark.parametrize("expect", ["${ .id }", ".id", "$input.id", "7", "${ 7 }"])
    async def test_expect_is_a_constant_or_an_expression_on_the_tasks_input(self, runs: Runs, expect: str) -> None:
        events = [event(1, data={"order": 6}), event(2, data={}), event(3, data={"order": 7})]

        assert await heard(runs, {"one": self.filter("t", expect=expect)}, events, {"id": 7}) == [{"order": 7}]

    async def test_from_sees_the_envelope(self, runs: Runs) -> None:
        by_subject = {"with": {"type": "t"}, "correlate": {"who": {"from": "${ .subject }", "expect": "ada"}}}

        assert await heard(runs, {"one": by_subject}, [event(1, subject="bob"), event(2, subject="ada", data=2)]) == [2]

    async def test_without_expect_the_first_value_counts_for_all_of_the_name(self, runs: Runs) -> None:
        to = {"all": [self.filter("paid"), self.filter("sent")]}
        events = [event(1, "paid", data={"order": 7}), event(2, "sent", data={"order": 8}), event(3, "sent", data={"order": 7})]

        assert await heard(runs, to, events) == [{"order": 7}, {"order": 7}]

    async def test_it_is_the_same_after_a_kill(self, runs: Runs) -> None:
        await runs.start([{"l": listen({"all": [self.filter("paid"), self.filter("sent")]})}], events=[event(1, "paid", data={"order": 7})])
        runs.mailbox.post_event(event(2, "sent", data={"order": 8}))
        assert (await runs.after_kill()).status == "waiting"
        runs.mailbox.post_event(event(3, "sent", data={"order": 7}))

        assert (await runs.after_kill()).output == [{"order": 7}, {"order": 7}]


class TestForeach:
    async def test_each_event_is_worked_on_before_the_next(self, runs: Runs) -> None:
        """FIFO; item and index have their names, the iteration's input is the item; output.as and export.as apply to each."""
        each = {
            "item": "e", "at": "i",
            "do": [{"a": {"set": {"e": "${ $e }", "i": "${ $i }", "in": "${ . }", "had": "${ $context.last }"}}}],
            "output": {"as": "${ [.e, .i, .in, .had] }"}, "export": {"as": "${ {last: .[0]} }"},
        }  # fmt: skip
        events = [event(number, data=number * 10) for number in range(3)]

        found = await heard(runs, {"any": [], "until": "length == 3"}, events, foreach=each)

        assert found == [[0, 0, 0, None], [10, 1, 10, 0], [20, 2, 20, 10]]
        assert [row.path for row in runs.journal.rows if row.kind == "step"] == [
            f"/do/0/l/foreach[{n}]{rest}" for n in range(3) for rest in ("/0/a", "")
        ] + ["/do/0/l"]

    async def test_until_sees_the_events_and_what_iterations_exported(self, runs: Runs) -> None:
        each = {"do": [{"a": {"set": {"n": "${ $item }"}}}], "export": {"as": "${ {enough: (.n == 2)} }"}}
        events = [event(number, data=number) for number in range(1, 5)]

        assert await heard(runs, {"any": [], "until": "$context.enough"}, events, foreach=each) == [{"n": 1}, {"n": 2}]
        assert await heard(runs, {"any": [], "until": ".[1] == 2"}, events, foreach=each) == [{"n": 1}, {"n": 2}]

    async def test_without_tasks_the_item_is_the_output(self, runs: Runs) -> None:
        found = await heard(
            runs, {"any": [], "until": "length == 2"}, [event(1, data=1), event(2, data=2)], foreach={"output": {"as": ". + 1"}}
        )

        assert found == [2, 3]

    async def test_exit_ends_an_iteration_and_end_the_workflow(self, runs: Runs) -> None:
        each = {"do": [
            {"s": {"switch": [{"stop": {"when": ". == 3", "then": "end"}}, {"odd": {"when": ". % 2 == 1", "then": "exit"}}]}},
            {"a": {"set": "${ . * 10 }"}},
        ]}  # fmt: skip
        events = [event(number, data=number) for number in range(1, 5)]

        outcome = await runs.start(
            [{"l": listen({"any": [], "until": "${ false }"}, foreach=each)}, {"never": {"set": {"x": 1}}}], events=events
        )

        assert outcome.output == [1, 20, 3]

    async def test_an_error_in_an_iteration_points_to_the_task_and_a_retry_goes_on_there(self, runs: Runs) -> None:
        each = {"do": [{"a": {"set": {"n": "${ 6 / . }"}}}]}
        events = [event(number, data=value) for number, value in enumerate((2, 0, 3))]

        outcome = await runs.start([{"l": listen({"any": [], "until": "length == 3"}, foreach=each)}], events=events)

        assert (outcome.status, outcome.failed_path) == ("faulted", "/do/0/l/foreach[1]/0/a")
        assert outcome.error is not None
        assert outcome.error["instance"] == "/do/0/l/foreach/do/0/a"


class TestEventsOfARun:
    FIRST = listen({"one": {"with": {"type": "t"}}}, export={"as": '${ $context + {("n\\(.[0])"): true} }'})

    async def test_each_goes_to_one_listening_and_later_ones_find_what_earlier_ones_left(self, runs: Runs) -> None:
        do: Tasks = [
            {"x": listen({"one": {"with": {"type": "x"}}}, export={"as": "${ [.] }"})},
            {"any": listen({"any": [], "until": "length == 2"}, export={"as": "${ $context + [.] }"})},
            {"all": listen({"all": [{"with": {"type": "y"}}, {"with": {"type": "z"}}]}, output={"as": "${ $context + [.] }"})},
        ]
        events = [event(number, kind, data=f"{kind}{number}") for number, kind in enumerate("yzxzy")]

        assert (await runs.start(do, events=events)).output == [["x2"], ["y0", "z1"], ["z3", "y4"]]

    async def test_branches_do_not_get_the_same_event(self, runs: Runs) -> None:
        branches = [{name: listen({"one": {"with": {"type": "t"}}})} for name in ("a", "b", "c")]

        outcome = await runs.start([{"f": {"fork": {"branches": branches}}}], events=[event(n, data=n) for n in (1, 2, 3)])

        assert sorted(outcome.output) == [[1], [2], [3]]

    async def test_a_loop_hears_one_after_the_other(self, runs: Runs) -> None:
        do: Tasks = [
            {"f": {"for": {"in": "[range(50)]"}, "do": [{"l": {**listen({"one": {"with": {"type": "t"}}}), "output": {"as": ".[0]"}}}]}}
        ]

        outcome = await runs.start(do, events=[event(n, data=n) for n in range(60)])

        assert outcome.output == 49

    async def test_a_timeout_of_the_task_holds(self, runs: Runs) -> None:
        slow = listen({"all": [TEMPERATURE, BPM]}, timeout={"after": {"milliseconds": 50}})
        outcome = await runs.start(
            [{"t": {"try": [{"l": slow}], "catch": {"do": [{"late": {"set": {"late": True}}}]}}}], events=[bpm(1, 50)]
        )

        assert outcome.output == {"late": True}
        assert runs.mailbox.awaited == {}

    async def test_what_was_consumed_before_a_kill_is_consumed_after_it(self, runs: Runs) -> None:
        """Events that come while the run is away are there when it is back, in order; iterations that ended are not repeated."""
        each = {"do": [{"a": {"set": "${ . * 10 }"}}]}
        await runs.start([{"l": listen({"any": [], "until": "length == 5"}, foreach=each)}], events=[event(1, data=1), event(2, data=2)])
        for number in (3, 4):
            runs.mailbox.post_event(event(number, data=number))
        assert (await runs.after_kill()).status == "waiting"
        runs.mailbox.post_event(event(5, data=5))

        outcome = await runs.after_kill()

        assert outcome.output == [10, 20, 30, 40, 50]
        assert [row.output for row in runs.journal.rows if row.path.endswith("/a")] == [10, 20, 30, 40, 50]

    async def test_killed_in_the_middle_of_an_iteration_it_goes_on_with_the_same_event(self, runs: Runs) -> None:
        each = {"do": [{"w": {"wait": {"milliseconds": 30}}}, {"a": {"set": "${ . }"}}]}
        do: Tasks = [{"l": listen({"any": [], "until": "length == 4"}, foreach=each)}]
        given = {"events": [event(number, data=number) for number in range(4)]}
        await runs.kill_when(lambda: bool(runs.rows("/do/0/l/foreach[1]/0/w")), do, **given)

        outcome = await runs.after_kill()

        assert outcome.output == [0, 1, 2, 3]
        assert len(runs.rows("/do/0/l/event[1]")) == 1

    async def test_what_filters_compare_is_what_they_were_when_it_began(self, runs: Runs) -> None:
        """An iteration changes $context; after a kill the filter is still the first one."""
        each = {"do": [{"a": {"set": {"key": "other"}}}], "export": {"as": "${ . }"}}
        to = {"any": [{"with": {"subject": "${ $context.key }"}}], "until": "length == 2"}
        do: Tasks = [{"c": {"set": {"key": "k"}, "export": {"as": "${ . }"}}}, {"l": listen(to, foreach=each)}]
        await runs.start(do, events=[event(1, subject="k")])
        runs.mailbox.post_event(event(2, subject="other"))
        assert (await runs.after_kill()).status == "waiting"
        runs.mailbox.post_event(event(3, subject="k"))

        assert (await runs.after_kill()).status == "completed"

    async def test_a_parked_listening_wakes_for_what_it_may_need_only(self, runs: Runs) -> None:
        outcome = await runs.start([{"l": listen({"any": [TEMPERATURE, BPM]})}], {})
        assert outcome.awaited[0].event == {"any": [{"type": "temperature"}, {"type": "bpm"}]}
        looked = len(runs.graph.checkpointer.storage)  # type: ignore[union-attr]

        runs.mailbox.post_event(event(1, "else"))
        assert (await runs.go_on()).status == "waiting"
        assert len(runs.graph.checkpointer.storage) == looked  # type: ignore[union-attr]

        runs.mailbox.post_event(bpm(2, 30))
        assert (await runs.go_on()).output == [{"bpm": 30}]

    async def test_events_that_come_while_it_works_are_heard(self, runs: Runs, world: World) -> None:
        hanging(world, "/held")
        runs.fresh()
        runs.definition = definition([{"f": {"fork": {"branches": [
            {"l": listen({"any": [], "until": "length == 20"})},
            {"w": call(world, "/held", "get")},
        ]}}}])  # fmt: skip
        task = asyncio.create_task(runs.go_on({}))
        await until(lambda: bool(runs.mailbox.awaited))
        for number in range(20):
            runs.mailbox.post_event(event(number, data=number))
            await asyncio.sleep(0)
        await until(lambda: any(row.path.endswith("/l") and row.status == "finished" for row in runs.deps.observer.rows))  # type: ignore[attr-defined]
        task.cancel()


class TestUntilOverAllEvents:
    """A condition that is told from part of the events, or from a value that is kept, ends with the event it would end with seen whole."""

    NUMBERS: ClassVar = [3, -1, None, 4, 0.5, 10, 2, 7]

    @pytest.mark.parametrize(
        "until",
        [
            "(map(.n) | add) > 6",
            "map(.n)|add>=16",
            "(map(.n // 0 | . * 2) | add) == 12",
            "(map(select(.n != null and (.n > 2))) | length) >= 3",
            "map(select(.n == 10)) | length == 1",
            "(map(.n, .n) | add) > 30",
            "(map(.n) | length) == 4",
            "(map(.n) | add) < -5",
        ],
    )
    @pytest.mark.parametrize("together", [True, False])
    async def test_a_sum_or_a_count_that_is_kept_ends_where_the_whole_does(self, runs: Runs, until: str, together: bool) -> None:
        events = [event(number, data={"n": n}) for number, n in enumerate(self.NUMBERS)]

        kept = await self.taken(runs, until, events, together=together)
        whole = await self.taken(runs, f"[.[]] | ({until})", events, together=together)

        assert kept == whole

    async def taken(self, runs: Runs, until: str, events: list[dict[str, Any]], *, together: bool) -> Any:
        """Return what was heard of *events*, which came at once or one after the other."""
        do: Tasks = [{"l": listen({"any": [], "until": until})}]
        outcome = await runs.start(do, events=events if together else ())
        for one in () if together else events:
            if outcome.status == "waiting":
                runs.mailbox.post_event(one)
                outcome = await runs.go_on()
        return outcome.output if outcome.status == "completed" else outcome.status
