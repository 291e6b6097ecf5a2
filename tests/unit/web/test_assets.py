"""Chainlit's folder, put together without importing Chainlit."""

from __future__ import annotations

import json
import os
import re
import time
import tomllib
from pathlib import Path

import pytest

from app.web.assets import materialise, source, sweep


class TestMaterialise:
    def test_the_folder_has_all_that_chainlit_would_otherwise_make_up(self, tmp_path: Path) -> None:
        root = materialise(tmp_path / "chainlit")

        made = {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}
        assert {
            ".chainlit/config.toml",
            ".chainlit/translations/en-US.json",
            "chainlit.md",
            "public/theme.json",
            "public/favicon.svg",
        } <= made

    def test_an_older_versions_files_are_gone_and_uploads_stay(self, tmp_path: Path) -> None:
        (tmp_path / "public").mkdir()
        (tmp_path / "public" / "old.js").write_text("")
        (tmp_path / ".files").mkdir()

        materialise(tmp_path)

        assert not (tmp_path / "public" / "old.js").exists()
        assert (tmp_path / ".files").is_dir()

    def test_our_words_replace_chainlits_and_the_others_stay(self, tmp_path: Path) -> None:
        words = json.loads((materialise(tmp_path) / ".chainlit/translations/en-US.json").read_text())

        assert words["auth"]["login"]["title"] == "Sign in to Parley"
        assert words["common"]["actions"]["cancel"] == "Cancel"


class TestConfiguration:
    config = tomllib.loads((source() / ".chainlit" / "config.toml").read_text())

    def test_no_origin_is_allowed_across_sites(self) -> None:
        assert self.config["project"]["allow_origins"] == []

    @pytest.mark.parametrize("feature", ["unsafe_allow_html", "edit_message", "allow_thread_sharing"])
    def test_what_opens_doors_is_off(self, feature: str) -> None:
        assert self.config["features"][feature] is False

    @pytest.mark.parametrize("feature", ["mcp", "spontaneous_file_upload", "audio"])
    def test_features_nobody_asked_for_are_off(self, feature: str) -> None:
        assert self.config["features"][feature]["enabled"] is False

    def test_no_file_for_the_browser_names_another_host(self) -> None:
        files = [path for path in (source() / "public").rglob("*") if path.suffix in {".js", ".jsx", ".css", ".json", ".svg"}]

        named = {path.name: re.findall(r"https?://[\w.-]+", path.read_text()) for path in files}

        assert {name: hosts for name, hosts in named.items() if set(hosts) - {"http://www.w3.org"}} == {}


class TestSweep:
    def test_folders_of_sessions_long_gone_are_removed(self, tmp_path: Path) -> None:
        for name in ("old", "new"):
            (tmp_path / ".files" / name).mkdir(parents=True)
        past = time.time() - 7200
        os.utime(tmp_path / ".files" / "old", (past, past))

        assert sweep(tmp_path, older_than_s=3600) == 1
        assert [path.name for path in (tmp_path / ".files").iterdir()] == ["new"]
