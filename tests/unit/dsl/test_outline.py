"""Definitions in plain words, for people who do not write code."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import outline, read
from dsl.jq_words import condition_words, filter_words
from dsl.phrases import phrase
from dsl.walk import steps
from dsl.words import cron_words, duration_words, schedule_words, shortened
from tests.unit.dsl.definitions import CATALOGUE, DATA, a_workflow, choose, wait


def test_the_orders_report_reads_like_a_recipe() -> None:
    data = read((DATA / "valid" / "report-orders.yaml").read_text()).data

    lines = [f"{line.number} {line.text}" for line in outline(data, CATALOGUE)]

    assert lines == [
        "1 Every weekday at 09:00 (Europe/Berlin)",
        "2 Up to 4 tries, 2 seconds apart, if it fails with status 503:",
        "2.1 Fetch http://127.0.0.1:9000/orders",
        "3 Keep the items where amount is above 100",
        "4 Ask anna to approve: Post the orders?",
        "5 Choose the way:",
        "5.1 If it was approved: go on",
        "5.2 Otherwise: end here",
        "6 For each order of the orders:",
        "6.1 Post the order to http://127.0.0.1:9000/report",
        "6.2 Wait 1 second",
        "7 At the same time:",
        "7.1 Tell ops@example.com by email: Done",
        "7.2 Tell you in the chat: Done",
    ]


def test_every_task_has_one_line_with_its_reference_and_depth() -> None:
    data = read((DATA / "valid" / "everything.yaml").read_text()).data

    told = [line.reference for line in outline(data, CATALOGUE) if line.reference]

    assert list(dict.fromkeys(told)) == [step.reference for step in steps(data)]
    assert {line.depth for line in outline(data, CATALOGUE)} == {0, 1, 2}


def test_jumps_name_the_number_of_their_target() -> None:
    data = a_workflow(wait("poll"), choose("ready", ("yes", ".done", "end"), ("no", None, "poll")), schedule={"every": "PT1H"})

    assert [(line.number, line.text) for line in outline(data)] == [
        ("1", "Every hour"),
        ("2", "Wait 1 second"),
        ("3", "Choose the way:"),
        ("3.1", "If done is true: end here"),
        ("3.2", "Otherwise: go back to 2"),
    ]


def _titled(title: str, task: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"x": task | {"metadata": {"parley": {"title": title}}} | more}


_BODY = [{"y": {"wait": "PT1S"}}]
_RETRY = {"retry": {"delay": "PT1S", "limit": {"attempt": {"count": 3}}}}


class TestTitles:
    """A title is what somebody called a task; what the task does always stands with it."""

    @pytest.mark.parametrize(
        ("task", "text", "detail"),
        [
            (_titled("Mark as large", {"set": {"a": 1}}, **{"if": ".amount > 3"}), "If the amount is above 3: mark as large", "Set a to 1"),
            (_titled("Fetch orders", {"call": "http", "with": {"method": "delete", "endpoint": "https://x.example"}}),
             "Fetch orders", "Delete https://x.example"),
            (_titled("Keep the big ones", {"set": "${ map(select(.total > 10)) }"}),
             "Keep the big ones", "Keep the items where total is above 10"),
            (_titled("Ask two at once", {"fork": {"branches": _BODY}}), "Ask two at once:", "At the same time"),
            (_titled("Ask two at once", {"fork": {"compete": True, "branches": _BODY}}),
             "Ask two at once:", "At the same time, the first one wins"),
            (_titled("Each of them", {"for": {"each": "order", "in": ".orders"}, "while": ".open", "do": _BODY}),
             "Each of them:", "For each order of the orders, as long as open is true"),
            (_titled("Is it up?", {"try": _BODY, "catch": _RETRY}), "Is it up?", "Up to 4 tries, 1 second apart, if it fails"),
            (_titled("Carefully", {"try": _BODY, "catch": {}}), "Carefully:", "Try, and go on even if it fails"),
            (_titled("Carefully", {"try": _BODY, "catch": {"when": ".status > 500", "do": _BODY}}),
             "Carefully:", "Try, and do something else if it fails and the status is above 500"),
            (_titled("Part one", {"do": _BODY}, timeout={"after": "PT5M"}), "Part one:", "At most 5 minutes"),
            (_titled("Approved?", {"switch": [{"y": {"then": "end"}}]}), "Approved?", ""),
            (_titled("Wait 1 second", {"wait": "PT1S"}), "Wait 1 second", ""),
            (_titled("Fetch it", {"call": "http", "with": {"method": "get", "endpoint": "https://x.example"}}, output={"as": ".orders"}),
             "Fetch it", "Fetch https://x.example, and keep the orders"),
        ],
    )  # fmt: skip
    def test_the_derived_words_are_the_second_line(self, task: dict[str, Any], text: str, detail: str) -> None:
        line = next(line for line in outline(a_workflow(task)) if line.reference == "/do/0/x")

        assert (line.text, line.detail) == (text, detail)

    def test_a_changed_task_changes_the_outline_whatever_its_title(self) -> None:
        for one, other in (("map(select(.total > 100))", "map(select(.total > 10))"), (".a", ".b")):
            told = [outline(a_workflow(_titled("The same", {"set": f"${{ {value} }}"})))[0].to_json() for value in (one, other)]
            assert told[0]["text"] == told[1]["text"]
            assert told[0]["detail"] != told[1]["detail"]

    def test_a_task_without_a_title_has_one_line(self) -> None:
        assert [line.detail for line in outline(a_workflow({"x": {"wait": "PT1S"}}))] == [""]


def test_where_a_scope_leads_stands_before_its_colon() -> None:
    data = a_workflow({"both": {"fork": {"branches": [wait("A"), wait("B")]}, "then": "end"}}, wait("c"))

    assert outline(data)[0].text == "At the same time (afterwards end here):"


def test_what_catches_says_whether_there_were_retries() -> None:
    catch = {"errors": {"with": {"status": 503}}, "do": _BODY}
    once, retried = (outline(a_workflow({"x": {"try": _BODY, "catch": catch | more}})) for more in ({}, _RETRY))

    assert "If it fails with status 503:" in [line.text for line in once]
    assert "If it still fails with status 503:" in [line.text for line in retried]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"set": "${ .orders | map(select(.amount > 100)) }"}, "Keep the orders where amount is above 100"),
        ({"set": {"orders": '${ [.orders[] | select(.status == "open" and .paid)] }'}},
         'Keep the orders where status is "open" and paid is true'),
        ({"set": {"count": "${ .orders | length }"}}, "Set count to the number of the orders"),
        ({"set": "${ [ .orders[] | select((.amount | tonumber?) > 100) ] }"}, "Keep the orders where amount is above 100"),
        ({"set": '${ [ (if type == "array" then . else first((.orders?, .items?) | arrays) // error("no list") end)[]'
                 " | select((.total|tonumber) <= 5) ] }"}, "Keep the items where total is at most 5"),
        ({"set": {"a": 1, "bBig": 2}}, "Set a to 1 and `bBig` to 2"),
        ({"set": "${ map({id, name}) }"}, "Keep only id, name of the items"),
        ({"set": {"x": "${ .a | weird(.b) }"}}, "Set x to `.a | weird(.b)`"),
        ({"set": {"a": 1, "b": "two", "c": "${ .x.y }", "d": [], "e": None}},
         'Set a to 1, b to "two", c to the x\'s y, d to nothing and 1 more'),
        ({"set": {"t": '${ "Table \\(.table): \\(.dishes | length) gone" }'}}, 'Set t to "Table {table}: {.dishes | length} gone"'),
        ({"set": {"t": '${ "Table " + .tableNumber }'}}, 'Set t to "Table {tableNumber}"'),
        ({"call": "http", "with": {"method": "get", "endpoint": '${ $context.services.orders + "/orders" }'}},
         "Fetch services.orders + /orders (an address from the context)"),
        ({"wait": {"hours": 1, "minutes": 30}}, "Wait 1 hour and 30 minutes"),
        ({"call": "http", "with": {"method": "delete", "endpoint": "https://x.example/a"}}, "Delete https://x.example/a"),
        ({"call": "http", "with": {"method": "post", "endpoint": "https://x.example/a", "body": {"name": 1, "fullName": 2}}},
         "Post name and `fullName` to https://x.example/a"),
        ({"call": "notify:1.0.0@default", "with": {"channel": "slack", "to": "#ops", "text": "Hi"}}, "Tell #ops in Slack: Hi"),
        ({"call": "purge:2.1.0@default", "with": {}}, "Purge"),
        ({"call": "ghost:1.0.0@default"}, "Use the function ghost"),
        ({"emit": {"event": {"with": {"type": "com.example.done"}}}}, "Send the event com.example.done"),
        ({"listen": {"to": {"one": {"with": {"type": "com.example.go", "source": "https://x.example"}}}}},
         "Wait until the event com.example.go from https://x.example arrives"),
        ({"raise": {"error": {"type": "https://x.example/e", "status": 500, "title": "No stock"}}}, 'Stop with the error "No stock"'),
        ({"run": {"await": False, "workflow": {"namespace": "a", "name": "b", "version": "1.0.0"}}},
         "Run the workflow a/b 1.0.0 without waiting for it"),
    ],
)  # fmt: skip
def test_a_task_is_told_in_a_phrase(task: dict[str, Any], words: str) -> None:
    data = a_workflow({"x": task})

    assert phrase(next(steps(data)), data, CATALOGUE) == words


@pytest.mark.parametrize(
    ("cron", "words"),
    [
        ("0 9 * * 1-5", "Every weekday at 09:00"),
        ("30 8 * * *", "Every day at 08:30"),
        ("0 9,17 * * MON,FRI", "Every Monday and Friday at 09:00 and 17:00"),
        ("0 10 * * 0,6", "Every Saturday and Sunday at 10:00"),
        ("*/15 * * * *", "Every 15 minutes"),
        ("0 * * * *", "Every hour"),
        ("5 */2 * * *", "Every 2 hours at minute 5"),
        ("0 8-18 * * 1-5", "Every hour from 08:00 to 18:00, every weekday"),
        ("0 6 1,15 * *", "On the 1st and 15th of the month at 06:00"),
        ("0 6 22 3 *", "On the 22nd of the month at 06:00 in March"),
        ("7-9 1/2 * * *", "On the schedule '7-9 1/2 * * *'"),
        ("0 9 1 * 1", "On the schedule '0 9 1 * 1'"),
    ],
)
def test_a_cron_expression_is_told_or_quoted(cron: str, words: str) -> None:
    assert cron_words(cron) == words


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ({"every": {"minutes": 5}}, ["Every 5 minutes"]),
        ({"every": "P1D"}, ["Every day"]),
        ({"after": "PT10M"}, ["Again 10 minutes after the last run has ended"]),
        ({"on": {"one": {"with": {"type": "com.example.order"}}}}, ["When the event com.example.order arrives"]),
        (None, []),
    ],
)
def test_a_schedule_is_told(schedule: Any, words: list[str]) -> None:
    assert schedule_words(schedule, "UTC") == words


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        (".amount > 100", "the amount is above 100"),
        ("${ .customer.age >= 18 }", "the customer's age is at least 18"),
        ('.a == "x" and .b != null', 'the a is "x" and the b is set'),
        ("(.orders | length) == 0", "the number of the orders is 0"),
        ("(. | length) > 0", "the number of the items is above 0"),
        ("$item.ok | not", "the item's ok is not true"),
        ('.name | startswith("A")', 'the name starts with "A"'),
        ("$context.approval.approved", "it was approved"),
        (".ok == false", "ok is false"),
        (".ok != true", "ok is not true"),
        (".order.ok", "the order's ok is true"),
        (".services.open == true", "the services' open is true"),
        ("$workflow.input[1].done", "`input[1].done` is true"),
        (".refundedOn != null", "`refundedOn` is set"),
        (".order.ageDays > 30", "`order.ageDays` is above 30"),
        (".a.b.c.d", "`a.b.c.d` is true"),
        ("all($context.answers[]; .reserved)", "reserved is true for all of the answers"),
        (".orders | any(.total > 5)", "total is above 5 for one or more of the orders"),
        (".orders | all(.a) and (.b)", "`.orders | all(.a) and (.b)`"),
        (".a and .b or .c", "`.a and .b or .c`"),
        (".a | weird", "`.a | weird`"),
    ],
)
def test_a_condition_is_told_or_shown_as_it_is(expression: str, words: str) -> None:
    assert condition_words(expression) == words


def test_a_filter_that_is_not_simple_has_no_words() -> None:
    assert filter_words("map(select(.a | test(.b)))") is None


def test_durations_and_long_texts() -> None:
    assert [duration_words(value) for value in ("PT90S", "P1Y2M", {"days": 1}, "PT0S", "${ .x }")] == [
        "90 seconds", "1 year and 2 months", "1 day", "no time", "as long as the x says",
    ]  # fmt: skip
    assert shortened("one two three four", 10) == "one two…"
    assert shortened("a" * 20, 10) == "a" * 9 + "…"
