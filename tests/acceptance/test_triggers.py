"""`parley triggers` as a person uses it: from an approved file to a schedule that is on, off and gone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from app.store import embedded
from tests.acceptance.conftest import Parley

pytestmark = [pytest.mark.postgres, pytest.mark.slow]

REPORT = """\
document:
  dsl: '1.0.3'
  namespace: shop
  name: report
  version: '1.0.0'
  metadata: {parley: {timezone: Europe/Berlin, missed: skip, overlap: queue}}
schedule: {cron: '30 9 * * 1-5'}
do:
  - mark: {set: {done: true}}
"""


@pytest.fixture(scope="module")
def parley(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Parley]:
    """One home with its database kept running: each command joins it instead of starting its own."""
    place = Parley(tmp_path_factory.mktemp("triggers"))
    assert place("db", "upgrade").code == 0
    server = embedded.start(place.home)
    yield place
    server.close()


def test_from_an_approved_file_to_a_schedule_that_is_on_and_off(parley: Parley) -> None:
    parley.write("report.yaml", REPORT)
    empty = parley("triggers")
    once = parley("run", "report.yaml", "--json")
    before = parley("triggers", "next", "report")
    on = parley("triggers", "activate", "report", "--json")
    times = parley("triggers", "next", "shop/report", "--count", "3", "--json")
    off = parley("triggers", "pause", "report")
    gone = parley("triggers", "remove", "report", "--json")
    nothing = parley("triggers", "pause", "report", "--json")

    assert empty.out == "No schedules yet: a workflow with `schedule` starts by itself once it is approved and activated.\n"
    assert (once.code, once.json["output"]) == (0, {"done": True})  # a run by hand is one run, now
    assert before.out.splitlines()[-1] == "(inactive: parley triggers activate report)"
    assert (on.json["status"], on.json["notes"]) == ("active", ["No worker is running: parley up or parley worker goes on with it."])
    assert on.json["starts"][0] | {"next_due": ""} == {
        "kind": "cron", "words": "Every weekday at 09:30 (Europe/Berlin)", "zone": "Europe/Berlin", "missed": "skip", "overlap": "queue",
        "next_due": "",
    }  # fmt: skip
    local = [datetime.fromisoformat(time["at"]).astimezone(ZoneInfo("Europe/Berlin")) for time in times.json["times"]]
    assert [(moment.hour, moment.minute, moment.weekday() < 5) for moment in local] == [(9, 30, True)] * 3
    assert times.json["times"][0]["at"] == on.json["next_due"]
    assert off.out.splitlines()[0] == "shop/report 1.0.0  paused"
    assert (gone.code, gone.json) == (0, {"name": "report", "status": "inactive"})
    assert (nothing.code, nothing.error["code"]) == (1, "no-such-schedule")
