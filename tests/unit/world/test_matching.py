"""How wanted values are compared with what arrived."""

from __future__ import annotations

from typing import Any

import pytest

from tests.world.matching import Pattern, differences, segments


class TestDifferences:
    def test_further_keys_are_welcome_in_a_mapping(self) -> None:
        assert differences({"id": 1}, {"id": 1, "note": "x"}) == []

    def test_further_keys_are_named_when_the_comparison_is_exact(self) -> None:
        assert differences({"a": {"id": 1}}, {"a": {"id": 1, "note": "x"}}, exact=True) == ["a.note was not expected"]

    def test_every_difference_is_named_with_its_place(self) -> None:
        wanted = {"id": 1, "lines": [{"sku": "A"}, {"sku": "B"}]}

        found = differences(wanted, {"lines": [{"sku": "A"}, {"sku": "C"}]}, where="body")

        assert found == ["body.id is missing", "body.lines[1].sku is 'C', wanted 'B'"]

    def test_lists_of_other_length_are_one_difference(self) -> None:
        assert differences([1, 2], [1], where="ids") == ["ids has 1 items, wanted 2: [1]"]

    def test_true_is_not_one_and_one_is_one_point_zero(self) -> None:
        assert differences(1, True) == ["value is True, wanted 1"]
        assert differences(1, 1.0) == []

    @pytest.mark.parametrize(
        ("question", "fits", "does_not"),
        [
            ({"$any": True}, None, ...),
            ({"$matches": "^ord-"}, "ord-7", "7"),
            ({"$contains": "late"}, "very late", "on time"),
            ({"$contains": {"sku": "A"}}, [{"sku": "A", "n": 2}], [{"sku": "B"}]),
            ({"$contains": "sku"}, {"sku": 1}, {"n": 1}),
            ({"$one_of": ["a", {"b": 1}]}, {"b": 1, "c": 2}, "c"),
            ({"$above": 100}, 100.5, 100),
            ({"$below": 3}, 2, "2"),
            ({"$length": 2}, [1, 2], [1]),
            ({"$exactly": {"id": 1}}, {"id": 1}, {"id": 1, "x": 2}),
            ({"$set": [1, 2]}, [2, 1], [1, 1]),
        ],
    )
    def test_a_question_accepts_and_refuses(self, question: dict[str, Any], fits: object, does_not: object) -> None:
        assert differences({"k": question}, {"k": fits}) == []
        assert differences({"k": question}, {} if does_not is ... else {"k": does_not}) != []

    def test_absent_means_the_key_is_not_there(self) -> None:
        assert differences({"k": {"$absent": True}}, {}) == []
        assert differences({"k": {"$absent": True}}, {"k": None}) == ["k should be absent"]
        assert differences({"k": {"$absent": False}}, {}) == ["k should be present"]


class TestPattern:
    def test_a_parameter_is_one_segment(self) -> None:
        pattern = Pattern.parse("GET /orders/{id}", prefix="/shop/")

        assert pattern.match("GET", ["shop", "orders", "7"]) == {"id": "7"}
        assert pattern.match("GET", ["shop", "orders"]) is None
        assert pattern.match("GET", ["shop", "orders", "7", "lines"]) is None
        assert pattern.match("POST", ["shop", "orders", "7"]) is None

    def test_a_starred_parameter_is_the_rest(self) -> None:
        assert Pattern.parse("* /files/{path*}").match("DELETE", ["files", "a", "b"]) == {"path": "a/b"}

    def test_an_escaped_slash_stays_inside_its_segment(self) -> None:
        assert segments("/orders/a%2Fb?x=1") == ["orders", "a/b"]

    @pytest.mark.parametrize("text", ["GET", "/orders", "get /orders", "GET orders", ""])
    def test_anything_else_is_refused_in_words(self, text: str) -> None:
        with pytest.raises(ValueError, match="is not METHOD /path"):
            Pattern.parse(text)
