"""`/api/docs`: the API on one page, written by the server. The usual viewers load their scripts from another host."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, Arial, sans-serif; max-width: 46rem; margin: 3rem auto; }
body { padding: 0 1.25rem; } h1 { font-size: 1.6rem; margin-bottom: .2rem; } h2 { font-size: 1rem; margin: 0; }
section { border-top: 1px solid #8884; padding: .9rem 0; }
code, pre { font: 0.9em/1.5 ui-monospace, Menlo, Consolas, monospace; } b { display: inline-block; min-width: 3.6rem; color: #13756f; }
pre { padding: .8rem 1rem; background: #8881; border-radius: .6rem; overflow-x: auto; } p { margin: .25rem 0; }
"""
EXAMPLE = """curl -i http://localhost:8000/api/events \\
  -H "Authorization: Bearer $TOKEN" \\
  -H "Content-Type: application/cloudevents+json" \\
  -d '{"specversion": "1.0", "id": "1", "source": "/shop", "type": "order.placed", "data": {"amount": 240}}'"""


def docs_page(document: Mapping[str, Any]) -> str:
    """Return the page for an OpenAPI document."""
    routes = [
        f"<section><h2><b>{escape(method.upper())}</b> <code>{escape(path)}</code></h2>"
        f"<p>{escape(operation.get('summary', ''))}</p></section>"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
    ]
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Parley API</title><style>{STYLE}</style><h1>Parley API</h1>"
        '<p>Sign in at <a href="/">the chat</a>; the same cookie works here. '
        'The machine-readable form is <a href="/api/openapi.json">openapi.json</a>.</p>'
        f"{''.join(routes)}<section><h2>Sending an event</h2><pre>{escape(EXAMPLE)}</pre></section></html>"
    )
