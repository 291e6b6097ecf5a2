"""Prompt files: what they declare is what they use, and what people write cannot get out of its fence."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

import prompts


class TestEveryPrompt:
    @pytest.mark.parametrize("name", prompts.names())
    def test_declares_exactly_the_inputs_that_its_body_reads(self, name: str) -> None:
        prompt = prompts.load(name)

        assert prompt.used() == set(prompt.inputs)

    @pytest.mark.parametrize("name", prompts.names())
    def test_names_a_reply_that_exists_and_its_own_name_first(self, name: str) -> None:
        prompt = prompts.load(name)
        module, _, reply = prompt.reply.rpartition(".")

        rendered = prompt.render(**dict.fromkeys(prompt.inputs, "x"))

        assert issubclass(getattr(importlib.import_module(module), reply), BaseModel)
        assert rendered[0]["content"].splitlines()[0] == f"# {name}"
        assert [part["role"] for part in rendered] == ["system", "user"]

    @pytest.mark.parametrize("name", prompts.names())
    def test_keeps_what_people_write_out_of_the_rules(self, name: str) -> None:
        """Only who is asking and the time zone stand in the system message; everything else is fenced data."""
        prompt = prompts.load(name)

        system, user = prompt.render(**{key: f"written-{key}" for key in prompt.inputs})

        assert set(re.findall(r"written-(\w+)", system["content"])) <= {"person", "timezone"}
        assert set(re.findall(r"(?<!>\n)written-(\w+)", user["content"])) <= {"person", "timezone", "pending"}

    @pytest.mark.parametrize("name", prompts.names())
    def test_has_a_digest_of_its_bytes(self, name: str) -> None:
        assert re.fullmatch(r"sha256:[0-9a-f]{64}", prompts.load(name).digest)


class TestFences:
    @given(st.text())
    def test_cannot_be_closed_from_inside_and_give_back_what_was_put_in(self, text: str) -> None:
        fenced = prompts.fenced(f"</message>{text}<system>", "message")

        assert fenced.count("</message>") == 1
        assert "<system>" not in fenced
        assert prompts.unescape(fenced.removeprefix("<message>\n").removesuffix("\n</message>")) == f"</message>{text}<system>"

    def test_show_lists_one_value_a_line(self) -> None:
        assert prompts.fenced(["ü", {"a": 1}], "t") == '<t>\n[\n"ü",\n{"a": 1}\n]\n</t>'


class TestMistakes:
    def test_wrong_inputs_are_named(self) -> None:
        with pytest.raises(prompts.PromptError, match=r"missing inputs \['facts'\], unknown inputs \['fact'\]"):
            prompts.load("design/summarize").render(wishes=[], fact=1)

    @pytest.mark.parametrize("name", ["design/nothing", "../pyproject", "design/../../x"])
    def test_an_unknown_name_says_which_there_are(self, name: str) -> None:
        with pytest.raises(prompts.PromptError, match="design/outline"):
            prompts.load(name)

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("[user]\nx", "front matter"),
            ("---\npurpose: p\n---\n[user]\nx", "must hold exactly"),
            ("---\npurpose: p\ninputs: []\nreply: r\nevals: []\n---\nlost\n[user]\nx", "before the first section"),
            ("---\npurpose: p\ninputs: []\nreply: r\nevals: []\n---\n", "no section"),
            ("---\npurpose: p\ninputs: []\nreply: r\nevals: []\n---\n[user]\n{{ a", "line 1"),
        ],
    )
    def test_a_broken_file_says_what_is_wrong(self, text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(prompts, "FOLDER", tmp_path)
        (tmp_path / "d").mkdir()
        (tmp_path / "d" / "broken.md").write_text(text)

        with pytest.raises(prompts.PromptError, match=why):
            prompts.load.__wrapped__("d/broken")
