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
        (tmp_path / "deep" / "b.yaml").write_text("document: {dsl: 1.0.3}\n")
        (tmp_path / "a.json").write_text('{"document": {"dsl": "1.0.3"}}')
        (tmp_path / "world.yaml").write_text("routes: []\n")
        (tmp_path / "notes.md").write_text("document: no\n")
        (tmp_path / "deep" / ".hidden" / "c.yaml").write_text("document: {}\n")

        found, skipped = files.definitions(tmp_path)

        assert found == [tmp_path / "a.json", tmp_path / "deep" / "b.yaml"]
        assert skipped == [tmp_path / "world.yaml"]

    def test_an_older_dialect_and_a_file_that_cannot_be_read_are_not_passed_over(self, tmp_path: Path) -> None:
        (tmp_path / "old.yaml").write_text("id: a\nspecVersion: '0.8'\nstates: []\n")
        (tmp_path / "tab.yaml").write_text("document:\n\tdsl: 1.0.3\n")

        assert [path.name for path in files.definitions(tmp_path)[0]] == ["old.yaml", "tab.yaml"]

    @pytest.mark.parametrize("folder", [".venv", ".git", "node_modules"])
    def test_what_package_managers_keep_is_not_looked_at(self, tmp_path: Path, folder: str) -> None:
        (tmp_path / "mine.yaml").write_text("document: {dsl: 1.0.3}\n")
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "theirs.yaml").write_text("document: {dsl: 1.0.3}\n")

        assert files.definitions(tmp_path) == ([tmp_path / "mine.yaml"], [])

    def test_a_folder_of_thousands_of_files_is_refused(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(files, "MOST_FILES", 3)
        for number in range(4):
            (tmp_path / f"{number}.json").write_text("{}")

        with pytest.raises(CommandFailed, match="more than 3 YAML and JSON files") as caught:
            files.definitions(tmp_path)

        assert caught.value.code == "too-many-files"

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

        assert (caught.value.what, caught.value.where) == ("event 2 of 2 is not a CloudEvent: source missing", f"{path}, /1")
