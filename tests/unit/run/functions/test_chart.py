"""`chart`: every kind is a whole picture, whatever the data is called; data that is no table of numbers is refused in words."""

from __future__ import annotations

import base64
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.unit.run.harness import Runs

SVG = "{http://www.w3.org/2000/svg}"
ROWS = [{"month": "Jan", "in": 3, "out": 1.5}, {"month": "Feb & <b>", "in": 5, "out": None}, {"month": "Mar\x07", "in": -2, "out": "2.5"}]


async def draw(runs: Runs, **arguments: Any) -> Any:
    return await runs.start([{"c": {"call": "chart:1.0.0@default", "with": arguments}}], {})


def shapes(picture: str, name: str) -> list[ElementTree.Element]:
    """Return the marks of values: those that tell what they stand for."""
    return [one for one in ElementTree.fromstring(picture).iter(f"{SVG}{name}") if one.find(f"{SVG}title") is not None]


@pytest.mark.parametrize(("kind", "shape", "count"), [("bar", "rect", 6), ("line", "circle", 5), ("area", "circle", 5)])
async def test_every_value_has_its_mark(runs: Runs, kind: str, shape: str, count: int) -> None:
    outcome = await draw(runs, kind=kind, data=ROWS, x="month", y=["in", "out"], title="<T> & ü")

    assert outcome.error is None
    picture = outcome.output["svg"]
    marks = shapes(picture, shape)
    assert len(marks) == (count if kind != "bar" else 5)
    assert marks[0].findtext(f"{SVG}title") == "in, Jan: 3"
    assert base64.b64decode(outcome.output["data"]).decode() == picture


async def test_bars_are_as_high_as_their_values_and_stack(runs: Runs) -> None:
    plain = shapes((await draw(runs, kind="bar", data={"a": 1, "b": 2, "c": 4})).output["svg"], "rect")
    stacked = shapes((await draw(runs, kind="bar", data=[{"x": "a", "p": 1, "q": 2}], stacked=True)).output["svg"], "rect")

    heights = [float(one.get("height", 0)) for one in plain]
    assert [round(height / heights[0], 1) for height in heights] == [1, 2, 4]
    assert float(stacked[0].get("y", 0)) == pytest.approx(float(stacked[1].get("y", 0)) + float(stacked[1].get("height", 0)), abs=0.2)


async def test_a_pie_shows_shares(runs: Runs) -> None:
    picture = (await draw(runs, kind="pie", data={"a": 1, "b": 3, "none": 0})).output["svg"]

    assert [one.findtext(f"{SVG}title") for one in shapes(picture, "path")] == ["a: 1 (25.0%)", "b: 3 (75.0%)"]


async def test_points_stand_where_their_numbers_say(runs: Runs) -> None:
    picture = (await draw(runs, kind="scatter", data=[{"x": 0, "y": 0}, {"x": 5, "y": 10}, {"x": 10, "y": 5}])).output["svg"]

    xs = [float(one.get("cx", 0)) for one in shapes(picture, "circle")]
    assert xs[1] - xs[0] == pytest.approx(xs[2] - xs[1], abs=0.2)


@pytest.mark.parametrize("kind", ["bar", "line", "area", "scatter", "pie"])
@pytest.mark.parametrize("data", [[], {}, [{"x": 1, "y": 0}], [{"x": 1, "y": 1e300}], [{"x": 1, "y": -1e-9}]])
async def test_no_data_and_extreme_data_make_a_picture(runs: Runs, kind: str, data: Any) -> None:
    outcome = await draw(runs, kind=kind, data=data)

    assert outcome.error is None
    assert "nan" not in outcome.output["svg"]
    ElementTree.fromstring(outcome.output["svg"])


async def test_themes_do_not_meet_in_one_page(runs: Runs) -> None:
    dark = (await draw(runs, kind="bar", data=[1], theme="dark")).output["svg"]
    auto = (await draw(runs, kind="bar", data=[1])).output["svg"]

    assert ".chart-dark .bg{fill:#0d1117}" in dark
    assert "prefers-color-scheme" not in dark
    assert "@media (prefers-color-scheme: dark){.chart-auto .t{" in auto


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"data": [{"a": "x", "b": "y"}]}, "has no field of numbers; the fields of its first row are: a, b"),
        ({"data": [{"a": "x", "b": 1}], "y": "c"}, "has no field 'c'"),
        ({"data": {"a": "many"}}, "the chart needs numbers, and 'a' has 'many'"),
        ({"data": [1, True]}, "the chart needs numbers"),
        ({"data": [{"x": None, "y": 1}], "kind": "scatter"}, "need a number in 'x'"),
        ({"data": list(range(5001))}, "5,001 values cannot be read"),
    ],
)
async def test_what_cannot_be_drawn_is_told(runs: Runs, arguments: Any, words: str) -> None:
    outcome = await draw(runs, **{"kind": "bar", **arguments})

    assert outcome.error is not None
    assert outcome.error["type"].endswith("/validation")
    assert words in outcome.error["detail"]
