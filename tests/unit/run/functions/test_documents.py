"""`read-document`, `write-document`, `fetch-page`: what is in, what comes out, and files made to do harm."""

from __future__ import annotations

import base64
import io
import struct
import zipfile
from typing import Any

import pytest

from graphs.documents import child
from graphs.run import Outcome
from tests.unit.run.harness import Runs, World

REPORT = """# Übersicht №4

Sales **rose**, see [here](https://example.org/x).

| Region | Units |
|---|---:|
| Süd | 1,204 |
| 東京 | 12 |

1. one
2. two
"""
PAGE = """<!doctype html><html><head><title> News  of the day </title><style>p {}</style></head><body>
<nav><a href="/about#team">About</a> <a href="javascript:alert(1)">no</a></nav><script>steal()</script>
<h1>Head<em>line</em></h1><p>First &amp; <b>last</b>.</p><table><caption>T</caption><tr><th>a<th>b<tr><td>1<td>2</table></body></html>"""


def call(function: str, **arguments: Any) -> dict[str, Any]:
    return {function: {"call": f"{function}:1.0.0@default", "with": arguments}}


def a_file(data: bytes, name: str = "") -> dict[str, Any]:
    return {"name": name, "data": base64.b64encode(data).decode()}


def a_workbook() -> bytes:
    """The smallest XLSX with a sheet `Orders`: a text, a number, a formula with its result, a date."""
    cells = (
        '<row r="1"><c r="A1" t="inlineStr"><is><t>Näme</t></is></c><c r="B1" t="n"><v>12.5</v></c><c r="C1"><f>B1*2</f><v>25</v></c></row>'
    )
    main = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    packages = "http://schemas.openxmlformats.org/package/2006"

    def related(kind: str, target: str) -> str:
        one = f'<Relationship Id="r1" Type="{office}/{kind}" Target="{target}"/>'
        return f'<Relationships xmlns="{packages}/relationships">{one}</Relationships>'

    sheets = '<sheets><sheet name="Orders" sheetId="1" r:id="r1"/></sheets>'
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{packages}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": related("officeDocument", "xl/workbook.xml"),
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}">{sheets}</workbook>',
        "xl/_rels/workbook.xml.rels": related("worksheet", "worksheets/sheet1.xml"),
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{main}"><sheetData>{cells}</sheetData></worksheet>',
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in parts.items():
            packed.writestr(name, text)
    return out.getvalue()


async def read(runs: Runs, data: bytes, name: str = "", **more: Any) -> Outcome:
    return await runs.start([call("read-document", document="${ . }", **more)], a_file(data, name))


class TestWriteAndRead:
    @pytest.mark.parametrize("to", ["docx", "pdf", "html"])
    async def test_what_is_written_can_be_read(self, runs: Runs, to: str) -> None:
        outcome = await runs.start(
            [call("write-document", markdown=REPORT, to=to, author="Ada"), call("read-document", document="${ . }")], {}
        )

        assert outcome.error is None
        text, meta = outcome.output["text"], outcome.output["meta"]
        assert meta == {"type": to, "name": f"Übersicht №4.{to}", "title": "Übersicht №4", "author": "Ada", "count": 1, "truncated": False}
        assert all(words in text for words in ("Übersicht №4", "Sales rose", "1,204", "Süd", "one"))
        assert [table["rows"] for table in outcome.output["tables"]] == (
            [] if to == "pdf" else [[["Region", "Units"], ["Süd", "1,204"], ["東京", "12"]]]
        )

    async def test_a_pdf_tells_what_it_cannot_show(self, runs: Runs) -> None:
        outcome = await runs.start([call("write-document", markdown="ok عر ᚠ", to="pdf", name="a/b:c")], {})

        assert (outcome.output["name"], outcome.output["missing"]) == ("a b c.pdf", "عرᚠ")

    async def test_the_same_text_gives_the_same_pdf(self, runs: Runs) -> None:
        first = await runs.start([call("write-document", markdown=REPORT, to="pdf")], {})
        second = await runs.start([call("write-document", markdown=REPORT, to="pdf")], {})

        assert first.output["data"] == second.output["data"]

    async def test_raw_html_and_links_that_run_code_stay_text(self, runs: Runs) -> None:
        outcome = await runs.start([call("write-document", markdown="<script>x()</script> [a](javascript:x)", to="html", title="<t>")], {})

        page = base64.b64decode(outcome.output["data"]).decode()
        assert "&lt;script&gt;x()" in page
        assert "<script" not in page
        assert "href" not in page
        assert "<title>&lt;t&gt;</title>" in page

    async def test_a_table_of_many_rows_goes_over_pages(self, runs: Runs) -> None:
        rows = "".join(f"| {number} | {'word ' * 9} |\n" for number in range(501))

        outcome = await runs.start(
            [
                call("write-document", markdown=f"| n | text |\n|---|---|\n{rows}", to="pdf"),
                call("read-document", document="${ . }", pages=2),
            ],
            {},
        )

        assert outcome.output["meta"]["count"] > 5
        assert outcome.output["meta"]["truncated"] is True
        assert all("text" in page["text"] for page in outcome.output["pages"])  # the head stands on each


class TestRead:
    async def test_a_workbook_gives_typed_cells(self, runs: Runs) -> None:
        outcome = await read(runs, a_workbook())

        assert outcome.output["tables"] == [{"name": "Orders", "rows": [["Näme", 12.5, 25]]}]
        assert outcome.output["text"] == "Orders\nNäme\t12.5\t25"

    @pytest.mark.parametrize(
        ("data", "rows"),
        [
            ("a;b\n1,5;ü\n".encode(), [["a", "b"], ["1,5", "ü"]]),
            ("a;b\n1,5;ü\n".encode("cp1252"), [["a", "b"], ["1,5", "ü"]]),
            ('\ufeffa,b\n"x, y",2\n'.encode(), [["a", "b"], ["x, y", "2"]]),
            ("a\tb\n1\t2\n".encode("utf-16"), [["a", "b"], ["1", "2"]]),
        ],
    )
    async def test_a_csv_of_any_kind(self, runs: Runs, data: bytes, rows: Any) -> None:
        outcome = await read(runs, data, "list.csv")

        assert outcome.output["tables"] == [{"name": "", "rows": rows}]

    async def test_by_its_address_and_what_http_gave(self, runs: Runs, world: World) -> None:
        world.on("/a/list.csv", lambda _request: (200, {"Content-Type": "application/octet-stream"}, b"a,b\n1,2\n"))
        raw = {"get": {"call": "http", "with": {"method": "get", "endpoint": f"{world.url}/a/list.csv", "output": "raw"}}}

        by_address = await runs.start([call("read-document", url=f"{world.url}/a/list.csv")], {})
        from_http = await runs.start([raw, call("read-document", document="${ . }", type="csv")], {})

        assert by_address.output["meta"]["name"] == "list.csv"
        assert by_address.output["tables"] == from_http.output["tables"] == [{"name": "", "rows": [["a", "b"], ["1", "2"]]}]

    async def test_control_characters_are_left_out(self, runs: Runs) -> None:
        outcome = await read(runs, b"a\x00b\x07c\td\n", type="text")

        assert outcome.output["text"] == "abc\td"

    @pytest.mark.parametrize(
        ("data", "name", "words"),
        [
            (b"%PDF-1.7\nnothing of the kind", "x.pdf", "x.pdf cannot be read: it is "),
            (a_workbook()[:300], "x.xlsx", "it is cut off or damaged"),
            (b"not packed", "x.docx", "it is not the packed file that DOCX and XLSX are"),
            (b"\xd0\xcf\x11\xe0old", "", "the old format of Office"),
            (b"\x7fELF\x00\x00\x00", "", "it is neither a text nor PDF"),
            (a_workbook(), "x.docx", "it is damaged, or not what it says it is"),
        ],
    )
    async def test_what_cannot_be_read_is_told(self, runs: Runs, data: bytes, name: str, words: str) -> None:
        outcome = await read(runs, data, name)

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/validation")
        assert words in outcome.error["detail"]

    async def test_a_file_that_grows_when_unpacked_is_refused(self, runs: Runs) -> None:
        bomb = bytearray(a_workbook())
        at = bomb.find(b"PK\x01\x02")
        bomb[at + 24 : at + 28] = struct.pack("<I", 400_000_000)

        outcome = await read(runs, bytes(bomb), "x.xlsx")

        assert outcome.error is not None
        assert "unpacked it is larger than 300 MB" in outcome.error["detail"]

    async def test_one_that_takes_too_long_is_given_up(self, runs: Runs, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(child, "TIME_S", 0.001)

        outcome = await read(runs, b"text")

        assert outcome.error is not None
        assert "it takes more than 0.001 s" in outcome.error["detail"]

    @pytest.mark.parametrize("document", ["not base64!", {"data": "%%%"}])
    async def test_what_is_no_base64_is_a_validation_error(self, runs: Runs, document: Any) -> None:
        outcome = await runs.start([call("read-document", document=document)], {})

        assert outcome.error is not None
        assert "is no base64" in outcome.error["detail"]


class TestFetchPage:
    async def test_gives_title_text_and_links(self, runs: Runs, world: World) -> None:
        world.on("/news/today", lambda _request: (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE.encode()))

        outcome = await runs.start([call("fetch-page", url=f"{world.url}/news/today")], {})

        assert outcome.output == {
            "url": f"{world.url}/news/today",
            "title": "News of the day",
            "text": "About no\nHeadline\nFirst & last.\nT\na\tb\n1\t2",
            "links": [{"text": "About", "url": f"{world.url}/about"}],
        }

    async def test_with_a_connection_stays_below_its_address_and_sends_its_headers(self, runs: Runs, world: World) -> None:
        world.on("/wiki/home", lambda _request: (200, {"Content-Type": "text/plain"}, b"hello"))
        wiki = {"wiki": {"kind": "http", "url": f"{world.url}/wiki", "headers": {"Authorization": {"secret": "key"}}}}
        given = {"connections": wiki, "secrets": {"key": "Bearer t0ken"}}

        inside = await runs.start([call("fetch-page", url="/home", connection="wiki")], {}, **given)
        outside = await runs.start([call("fetch-page", url="../other", connection="wiki")], {}, **given)
        elsewhere = await runs.start([call("fetch-page", url="https://example.org/", connection="wiki")], {}, **given)

        assert inside.output["text"] == "hello"
        assert [request["headers"].get("authorization") for request in world.requests] == ["Bearer t0ken"]
        assert [one.error and "is not below the address" in one.error["detail"] for one in (outside, elsewhere)] == [True, True]

    async def test_what_is_no_page_and_what_is_not_there_are_errors(self, runs: Runs, world: World) -> None:
        world.on("/x", lambda _request: (200, {"Content-Type": "application/pdf"}, b"%PDF"))

        no_page = await runs.start([call("fetch-page", url=f"{world.url}/x")], {})
        missing = await runs.start([call("fetch-page", url=f"{world.url}/gone")], {})

        assert no_page.error is not None
        assert missing.error is not None
        assert "read-document reads PDF" in no_page.error["detail"]
        assert missing.error["status"] == 404

    async def test_a_private_address_is_not_fetched(self, runs: Runs) -> None:
        outcome = await runs.start([call("fetch-page", url="http://169.254.169.254/latest/")], {})

        assert outcome.error is not None
        assert outcome.error["type"].endswith("/authorization")
