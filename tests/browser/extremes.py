"""What the gallery shows at the edges: forty tasks, two hundred rows, very long titles, HTML, right-to-left text and emoji."""

from __future__ import annotations

from typing import Any

from dsl import render

LONG = "Reconcile the ledger of the previous quarter with every single bank statement that arrived, and flag what differs by a cent"
UNBROKEN = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikationsabrechnungsstelle"
HTML = "<img src=x onerror=\"document.title='broken into'\"><b>bold</b><script>document.title='broken into'</script>"
HEBREW = "לשלוח את הדוח למנהל"
EMOJI = "Ship 📦 the order 🚚 to 👩‍👩‍👧‍👦 in 🇩🇪"
TITLES = (LONG, UNBROKEN, HTML, HEBREW, EMOJI)


def odd() -> str:
    """Return a definition whose titles and values are as odd as people and models can make them."""
    tasks = [{f"step{number}": {"set": {"said": title}, "metadata": {"parley": {"title": title}}}} for number, title in enumerate(TITLES)]
    kind = [{"oneWay": {"when": f'.said == "{UNBROKEN}"', "then": "step1"}}, {"otherwise": {"then": "end"}}]
    return _definition("odd-titles", [*tasks, {"choose": {"switch": kind}}])


def many(count: int = 40) -> str:
    """Return a definition of *count* tasks, a choice back among them."""
    tasks: list[dict[str, Any]] = [{f"task{number}": {"set": {f"value{number}": number}}} for number in range(1, count)]
    again = {"again": {"switch": [{"more": {"when": ".value7 < 3", "then": "task6"}}, {"done": {"then": "continue"}}]}}
    return _definition("forty-tasks", [*tasks[:20], again, *tasks[20:]])


def rows(count: int = 200) -> list[dict[str, Any]]:
    """Return a table."""
    names = ("Meyer & Sons", HEBREW, HTML, EMOJI, UNBROKEN)
    return [{"id": f"A-{number:03}", "customer": names[number % 5], "total": number * 1.5, "note": None} for number in range(count)]


def _definition(name: str, tasks: list[dict[str, Any]]) -> str:
    return render({"document": {"dsl": "1.0.3", "namespace": "gallery", "name": name, "version": "0.1.0"}, "do": tasks})
