"""What a description may say, and how it is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.world import BadDescription, World
from tests.world.yaml_text import read_yaml

OK: dict[str, Any] = {"services": {"shop": {"routes": [{"request": "GET /orders"}]}}}


def refused(**changes: Any) -> tuple[str, ...]:
    with pytest.raises(BadDescription) as caught:
        World.load(OK | changes)
    return caught.value.problems


def with_route(**route: Any) -> dict[str, Any]:
    return {"services": {"shop": {"routes": [{"request": "GET /orders"} | route]}}}


class TestReading:
    def test_the_smallest_world_is_one_route(self) -> None:
        world = World.load(OK)

        assert [route.request for route in world.description.services["shop"].routes] == ["GET /orders"]

    def test_a_file_is_read_as_yaml_1_2(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("state: {country: no, light: on, day: 2026-11-20}\nservices: {a: {routes: [{request: GET /}]}}\n")

        assert World.load(file).description.state == {"country": "no", "light": "on", "day": "2026-11-20"}

    def test_true_stays_a_boolean(self) -> None:
        assert read_yaml("a: true\nb: False") == {"a": True, "b": False}


class TestRefusal:
    def test_every_mistake_is_named_with_its_place(self) -> None:
        route = {"request": "GET orders", "anser": {}, "answers": [{"status": 99}]}

        problems = refused(services={"shop": {"routes": [route]}})

        assert problems == (
            "services.shop.routes.0.request: 'GET orders' is not METHOD /path, such as 'GET /orders/{id}'",
            "services.shop.routes.0.answers.0.status: Input should be greater than or equal to 200",
            "services.shop.routes.0.anser: nothing is called 'anser' here",
        )

    @pytest.mark.parametrize(
        ("route", "words"),
        [
            ({"answer": {"json": {}, "text": "x"}}, "give one of json, text and bytes"),
            ({"answer": {"bytes": "###"}}, "bytes is not base64"),
            ({"answer": {}, "answers": [{}]}, "give answer or answers, not both"),
            ({"answer": {"fault": "explode"}}, "Input should be 'refuse', 'reset', 'drip', 'garbage' or 'never'"),
        ],
    )
    def test_contradictions_in_a_route_are_refused(self, route: dict[str, Any], words: str) -> None:
        assert words in refused(**with_route(**route))[0]

    @pytest.mark.parametrize(
        ("expectation", "words"),
        [
            ({"seen": "GET /orders"}, "needs saw, never or order"),
            ({"saw": "GET orders"}, "is not METHOD /path"),
            ({"saw": "GET /orders", "tims": 2}, "tims: nothing is called 'tims' here"),
            ({"order": ["GET /orders"]}, "order: List should have at least 2 items"),
        ],
    )
    def test_an_expectation_that_expects_nothing_is_refused(self, expectation: dict[str, Any], words: str) -> None:
        (problem,) = refused(expect=[expectation])

        assert words in problem

    def test_a_prefix_starts_with_a_slash(self) -> None:
        assert refused(services={"shop": {"at": "shop", "routes": [{"request": "GET /"}]}}) == (
            "services.shop.at: must start with /, such as /shop",
        )

    def test_a_key_given_twice_is_named_with_its_line(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("state: {}\nservices: {}\nstate: {}\n")

        with pytest.raises(BadDescription, match="line 3, column 1: the key 'state' is given twice"):
            World.load(file)

    def test_broken_yaml_is_one_line_with_its_place(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("services:\n  a: {routes: [{request: POST /{x}}]}\n")

        with pytest.raises(BadDescription) as caught:
            World.load(file)

        assert caught.value.problems == ("line 2, column 32: expected ',' or '}', but got '{'",)

    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(BadDescription, match=r"nowhere\.yaml"):
            World.load(tmp_path / "nowhere.yaml")

    def test_a_list_is_no_world(self, tmp_path: Path) -> None:
        file = tmp_path / "world.yaml"
        file.write_text("- services\n")

        with pytest.raises(BadDescription, match="must be a mapping with services"):
            World.load(file)
