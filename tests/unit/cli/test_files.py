"""What the command line reads, and how it says that it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.cli import files
from app.cli.failures import WRONG_USAGE, CommandFailed


class TestReadText:
    def test_a_missing_file_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed) as caught:
            files.read_text(tmp_path / "none.yaml")

        assert (caught.value.code, caught.value.exit_code) == ("no-such-file", WRONG_USAGE)
        assert caught.value.where == str(tmp_path / "none.yaml")

    def test_a_folder_is_not_a_file(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="is a folder"):
            files.read_text(tmp_path)

    def test_bytes_that_are_not_utf8_are_located(self, tmp_path: Path) -> None:
        path = tmp_path / "latin.yaml"
        path.write_bytes(b"title: caf\xe9")

        with pytest.raises(CommandFailed) as caught:
            files.read_text(path)

        assert (caught.value.code, caught.value.why) == ("not-text", "byte 10 is not UTF-8")

    def test_a_byte_order_mark_is_not_part_of_the_text(self, tmp_path: Path) -> None:
        path = tmp_path / "bom.yaml"
        path.write_bytes(b"\xef\xbb\xbfdo: []")

        assert files.read_text(path) == "do: []"

    def test_a_huge_file_is_refused_before_it_is_read(self, tmp_path: Path) -> None:
        path = tmp_path / "huge.yaml"
        with path.open("wb") as stream:
            stream.truncate(files.SIZE_LIMIT_BYTES + 1)

        with pytest.raises(CommandFailed, match="larger than 16 MiB"):
            files.read_text(path)


class TestDefinitions:
    def test_a_folder_gives_what_has_a_document_and_tells_the_rest(self, tmp_path: Path) -> None:
        (tmp_path / "deep" / ".hidden").mkdir(parents=True)
        (tmp_path / "deep" / "b.yaml").write_text("document: {}\n")
        (tmp_path / "a.json").write_text('{"document": {}}')
        (tmp_path / "world.yaml").write_text("routes: []\n")
        (tmp_path / "notes.md").write_text("document: no\n")
        (tmp_path / "deep" / ".hidden" / "c.yaml").write_text("document: {}\n")

        found, skipped = files.definitions(tmp_path)

        assert found == [tmp_path / "a.json", tmp_path / "deep" / "b.yaml"]
        assert skipped == [tmp_path / "world.yaml"]

    def test_a_folder_without_any_is_wrong_usage(self, tmp_path: Path) -> None:
        with pytest.raises(CommandFailed, match="no definition in"):
            files.definitions(tmp_path)


class TestJsonOption:
    def test_text_and_file_give_the_same(self, tmp_path: Path) -> None:
        (tmp_path / "input.json").write_text('{"n": 1}')

        assert files.json_option("--input", '{"n": 1}') == files.json_option("--input", f"@{tmp_path}/input.json") == {"n": 1}

    def test_not_given_is_none(self) -> None:
        assert files.json_option("--input", None) is None

    def test_a_mistake_has_line_and_column(self) -> None:
        with pytest.raises(CommandFailed) as caught:
            files.json_option("--input", '{"a": 1,\n "b": }')

        assert caught.value.where == "--input, line 2 column 7"
        assert caught.value.code == "not-json"


class TestJsonFile:
    def test_the_wrong_kind_is_named(self, tmp_path: Path) -> None:
        path = tmp_path / "secrets.json"
        path.write_text("[1]")

        with pytest.raises(CommandFailed) as caught:
            files.json_file("--secrets", path, dict)

        assert (caught.value.what, caught.value.why) == ("--secrets must hold an object of name → value", "found an array")


class TestEvents:
    def test_one_event_is_a_list_of_one(self, tmp_path: Path) -> None:
        path = tmp_path / "event.json"
        path.write_text('{"type": "order.placed", "source": "/shop"}')

        assert files.events(path) == [{"type": "order.placed", "source": "/shop"}]

    def test_what_is_missing_is_named_with_its_place(self, tmp_path: Path) -> None:
        path = tmp_path / "events.json"
        path.write_text('[{"type": "a", "source": "/b"}, {"type": "a"}]')

        with pytest.raises(CommandFailed) as caught:
            files.events(path)

        assert (caught.value.what, caught.value.where) == ("event 1 is not a CloudEvent: source missing", f"{path}, /1")
