"""What a conversation takes for granted about its surroundings."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphs.design.deps import server_timezone


class TestServerTimezone:
    @pytest.mark.parametrize(
        ("target", "name"),
        [("zoneinfo/Europe/Berlin", "Europe/Berlin"), ("zoneinfo/Etc/UTC", "UTC"), ("zoneinfo/Atlantis/City", "UTC"), ("somewhere", "UTC")],
    )
    def test_is_read_from_the_machine_and_utc_when_it_says_nothing(self, target: str, name: str, tmp_path: Path) -> None:
        (tmp_path / target).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / target).touch()
        (tmp_path / "localtime").symlink_to(tmp_path / target)

        assert server_timezone(tmp_path / "localtime") == name
