"""Structural paths and what can be read from them."""

from __future__ import annotations

import base64
import json

import pytest

from graphs.run import durations, paths
from graphs.run.redaction import Redactor


@pytest.mark.parametrize(
    ("path", "reference"),
    [
        ("/do/1/notify", "/do/1/notify"),
        ("/do/3/loop/for[12]/0/step", "/do/3/loop/do/0/step"),
        ("/do/1/poll#2", "/do/1/poll"),
        ("/do/0/x/try#2/0/y", "/do/0/x/try/0/y"),
        ("/do/1/decide@2", "/do/1/decide"),
        ("/do/1/poll#3@2", "/do/1/poll"),
        ("/do/4/sub/workflow/do/0/z", "/do/4/sub/workflow/do/0/z"),
        ("/do/4/pay/compensate@2/0/undo", "/do/4/pay/metadata/parley/compensate/0/undo"),
        ("/do/4/pay/proof", "/do/4/pay/metadata/parley/proof"),
        ("/do/0/compensate/do/1/function", "/do/0/compensate/do/1/function"),
        ("/do/0/function/function/do/3/3", "/do/0/function/do/3/3"),
        ("/do/0/a~1b", "/do/0/a~1b"),
        ("/do/0/no~21", "/do/0/no#1"),
        ("/do/0/for~30]", "/do/0/for[0]"),
    ],
)
def test_a_reference_is_a_path_without_its_marks(path: str, reference: str) -> None:
    assert paths.to_reference(path) == reference


@pytest.mark.parametrize("name", ["plain", "with space", "a/b", "a~b", "no#1", "for[0]", "you@2", "a~2b"])
def test_any_name_survives_as_part_of_a_path(name: str) -> None:
    """The reference holds the name as a JSON Pointer escapes it."""
    path = paths.child("/do", 0, paths.escape(name), 2)

    assert paths.to_reference(path) == "/do/0/" + name.replace("~", "~0").replace("/", "~1")


@pytest.mark.parametrize(
    ("path", "workflow"),
    [
        ("/do/0/a", ""),
        ("/do/4/sub/workflow/do/0/z", "/do/4/sub/workflow"),
        ("/do/0/workflow/do/0/z", ""),
        (
            "/do/0/f/fork/branches/1/b/workflow/do/0/x/catch/do/0/y/workflow/do/0/z",
            "/do/0/f/fork/branches/1/b/workflow/do/0/x/catch/do/0/y/workflow",
        ),
        ("/do/0/t/try#2/0/sub/workflow/do/0/z", "/do/0/t/try#2/0/sub/workflow"),
        ("/do/0/t/workflow/do/0/pay/compensate@2/0/sub/workflow/do/0/z", "/do/0/t/workflow/do/0/pay/compensate@2/0/sub/workflow"),
    ],
)
def test_a_path_tells_its_workflow(path: str, workflow: str) -> None:
    assert paths.workflow_of(path) == workflow


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [
        ("PT15M", 900),
        ("P1DT2H", 93600),
        ("PT0.5S", 0.5),
        ("P2W", 1209600),
        ({"minutes": 1, "milliseconds": 500}, 60.5),
        ({"days": 1}, 86400),
    ],
)
def test_durations_are_seconds(duration: object, seconds: float) -> None:
    assert durations.seconds(duration) == seconds


@pytest.mark.parametrize("duration", ["", "P", "PT", "P1M", "15 minutes", {}, {"years": 1}, {"seconds": -1}, {"seconds": True}, 5, None])
def test_what_has_no_fixed_length_is_refused(duration: object) -> None:
    with pytest.raises(ValueError, match="duration"):
        durations.seconds(duration)


def test_a_secret_is_blanked_in_every_form_and_its_parts_stay_hidden() -> None:
    redactor = Redactor()
    redactor.add({"user": "ada", "word": "p@ss/word", "longer": "p@ss/word!"})

    assert redactor.value({"t": ["p@ss/word! p%40ss%2Fword cEBzcy93b3Jk ada", 5]}) == {"t": ["*** *** *** ada", 5]}


@pytest.mark.parametrize("before", ["", "a", "ab", "abc:"])
def test_a_secret_is_known_inside_something_longer_in_base64(before: str) -> None:
    """At most the letters that it shares with its neighbours stay."""
    redactor = Redactor()
    redactor.add("c4nary-token-value")
    coded = base64.b64encode(f"{before}c4nary-token-value;end".encode()).decode()

    shown = redactor.text(coded)

    assert "***" in shown
    assert len(shown) <= len(coded) - 22 + 3
    assert redactor.text("c4na cnkt") == "c4na cnkt"


def test_a_secret_is_known_as_json_spells_it_and_as_a_number() -> None:
    redactor = Redactor()
    redactor.add({"key": 'say "ä"\nend', "pin": 73910264})

    texts = [json.dumps({"k": 'say "ä"\nend'}), json.dumps('say "ä"\nend', ensure_ascii=False)]
    assert redactor.value([*texts, 73910264, 73910265, True]) == ['{"k": "***"}', '"***"', "***", 73910265, True]
    assert (redactor.holds({"a": [73910264]}), redactor.holds({"a": [1]})) == (True, False)
