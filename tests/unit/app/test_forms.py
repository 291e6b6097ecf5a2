"""Values that people send are checked against schemas that definitions bring: nothing is fetched, nothing takes long."""

from __future__ import annotations

import http.server
import threading
import time

import pytest

from app.actions.forms import Misfit, misfits

FORM = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}, "ok": {"type": ["boolean", "null"]}}}


def test_a_value_that_fits_has_no_misfits() -> None:
    assert misfits(FORM, {"n": 1, "ok": None}) == []


def test_the_field_is_named_in_the_words_of_json() -> None:
    assert misfits(FORM, {"n": None, "ok": 1}) == [
        Misfit("field n", "'n' must be a whole number, and is nothing (null)"),
        Misfit("field ok", "'ok' must be a boolean or nothing (null), and is a number"),
    ]
    assert misfits(FORM, []) == [Misfit("the whole value", "it must be an object, and is a list")]


def test_a_schema_that_points_elsewhere_is_not_fetched() -> None:
    asked: list[str] = []

    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"{}")

    with http.server.HTTPServer(("127.0.0.1", 0), Metadata) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        found = misfits({"properties": {"n": {"$ref": f"http://127.0.0.1:{server.server_port}/latest/meta-data"}}}, {"n": 1})
        server.shutdown()

    assert asked == []
    assert "which is not part of it" in found[0].what


@pytest.mark.parametrize("schema", [{"pattern": "^(a+)+$"}, {"patternProperties": {"^(a|aa)+$": False}}])
def test_no_pattern_keeps_the_process_busy(schema: dict[str, object]) -> None:
    text = "a" * 3000 + "!"
    began = time.monotonic()

    misfits(schema, text if "pattern" in schema else {text: 1})

    assert time.monotonic() - began < 2


@pytest.mark.parametrize("schema", [{"type": "nothing"}, {"pattern": "(?=x)"}, {"pattern": "("}])
def test_nothing_fits_what_is_no_schema(schema: dict[str, object]) -> None:
    assert [found.where for found in misfits(schema, 1)] == ["the schema"]
