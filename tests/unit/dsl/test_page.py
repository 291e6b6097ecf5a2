"""The page of a definition: one file that loads nothing, with picture, words, effects and digest, and no markup from the definition."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest

from dsl import digest, effects, outline, picture, read
from dsl.picture.page import page
from tests.unit.dsl.definitions import CATALOGUE, DATA, a_workflow, approve, choose, get, post, put

SAMPLES = {path.stem: read(path.read_text()).data for path in sorted((DATA / "valid").glob("*.yaml"))}
VOID = {"meta", "path", "rect", "use"}


class _Page(HTMLParser):
    """What a browser would see: elements with their attributes, and the text outside of style and script."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "script"):
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, attribute: str) -> set[str]:
        return {str(attributes[attribute]) for _, attributes in self.elements if attribute in attributes}


@pytest.mark.parametrize("data", SAMPLES.values(), ids=SAMPLES.keys())
def test_it_has_the_picture_the_words_the_effects_and_the_digest(data: Any) -> None:
    shown = _Page(page(data, CATALOGUE))

    assert shown.open == []
    assert digest(data) in shown.text
    assert shown.all("data-ref") == {node.id for node in picture(data, CATALOGUE).nodes}
    assert shown.all("data-goto") == {line.reference for line in outline(data, CATALOGUE) if line.reference} | {
        effect.reference for effect in effects(data, CATALOGUE)
    }


def test_it_loads_nothing() -> None:
    shown = _Page(page(a_workflow(get("a"), approve("b"), post("c")), CATALOGUE))

    assert {tag for tag, _ in shown.elements} & {"link", "img", "iframe", "object", "embed", "form", "base"} == set()
    assert shown.all("src") == set()
    assert {link[0] for link in shown.all("href")} == {"#"}
    assert "url(" not in page(a_workflow()).replace("url(#", "")
    assert "default-src 'none'" in " ".join(shown.all("content"))


def test_names_from_the_definition_cannot_become_markup() -> None:
    hostile = '</script><script>alert(1)</script><img src=x onerror="alert(1)">'
    tasks = [put(hostile, {"a": hostile}, metadata={"title": hostile}), get("b", f"https://example.com/{hostile}")]
    data = a_workflow(*tasks, document={"title": hostile, "summary": hostile, "name": hostile})

    plain, shown = _Page(page(a_workflow(put("a", {"a": 1}), get("b")))), _Page(page(data))

    assert {tag for tag, _ in shown.elements} <= {tag for tag, _ in plain.elements} | {"p"}
    assert sum(tag == "script" for tag, _ in shown.elements) == 1
    assert shown.all("onerror") == set()
    assert hostile in shown.text


def test_it_says_when_nothing_outside_is_touched() -> None:
    assert "Nothing: it reads and changes nothing outside." in _Page(page(a_workflow(put("a", {"b": 1})))).text


def test_an_effect_says_how_often_and_who_decides() -> None:
    tasks = [approve("ok"), choose("go", ("yes", ".approved", "send"), ("no", None, "end")), post("send")]

    shown = _Page(page(a_workflow(*tasks), CATALOGUE)).text

    assert "Changes POST https://example.com/report Send. At most once. anna decides before" in shown
