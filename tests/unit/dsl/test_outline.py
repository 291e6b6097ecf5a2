"""Definitions in plain words, for people who do not write code."""

from __future__ import annotations

from typing import Any

import pytest

from dsl import outline, read
from dsl.jq_words import condition_words, filter_words
from dsl.phrases import phrase
from dsl.walk import steps
from dsl.words import cron_words, duration_words, schedule_words, shortened
from tests.unit.dsl.definitions import CATALOGUE, DATA, a_workflow, choose, put, wait


def test_the_orders_report_reads_like_a_recipe() -> None:
    data = read((DATA / "valid" / "report-orders.yaml").read_text()).data

    lines = [f"{line.number} {line.text}" for line in outline(data, CATALOGUE)]

    assert lines == [
        "1 Every weekday at 09:00 (Europe/Berlin)",
        "2 Try, and up to 3 more times if it fails with status 503, 2 seconds apart:",
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
        ("3.1", "If the done is true: end here"),
        ("3.2", "Otherwise: go back to 2"),
    ]


def test_a_title_replaces_the_words_and_a_condition_stays() -> None:
    titled = put("x", {"a": 1}, **{"if": ".amount > 3", "metadata": {"parley": {"title": "Mark as large"}}})

    assert [line.text for line in outline(a_workflow(titled))] == ["If the amount is above 3: mark as large"]


@pytest.mark.parametrize(
    ("task", "words"),
    [
        ({"set": "${ .orders | map(select(.amount > 100)) }"}, "Keep the orders where amount is above 100"),
        ({"set": {"orders": '${ [.orders[] | select(.status == "open" and .paid)] }'}},
         'Keep the orders where status is "open" and paid is true'),
        ({"set": {"count": "${ .orders | length }"}}, "Set count to the number of the orders"),
        ({"set": {"a": 1, "bBig": 2}}, "Set a and b big"),
        ({"set": "${ map({id, name}) }"}, "Keep only id, name of the items"),
        ({"set": {"x": "${ .a | weird(.b) }"}}, "Set x to `.a | weird(.b)`"),
        ({"wait": {"hours": 1, "minutes": 30}}, "Wait 1 hour and 30 minutes"),
        ({"call": "http", "with": {"method": "delete", "endpoint": "https://x.example/a"}}, "Delete https://x.example/a"),
        ({"call": "http", "with": {"method": "post", "endpoint": "https://x.example/a", "body": {"name": 1, "fullName": 2}}},
         "Post name and full name to https://x.example/a"),
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
        ('.a == "x" and .b != null', 'the a is "x" and the b is there'),
        ("(.orders | length) == 0", "the number of the orders is 0"),
        ("(. | length) > 0", "the number of the items is above 0"),
        ("$item.ok | not", "the item's ok is not true"),
        ('.name | startswith("A")', 'the name starts with "A"'),
        ("$context.approval.approved", "it was approved"),
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
        "90 seconds", "1 year and 2 months", "1 day", "no time", "as long as ${ .x } says",
    ]  # fmt: skip
    assert shortened("one two three four", 10) == "one two…"
    assert shortened("a" * 20, 10) == "a" * 9 + "…"
