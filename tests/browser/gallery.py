"""Every card in every state, with made-up props: a page to look at, served by Chainlit alone (no database, no login).

Run `python -m tests.browser.gallery PORT`, open the page and send any message; `test_gallery.py` does the same.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml

import dsl
from graphs.catalogue import load
from tests.browser import extremes

EXAMPLES = Path(__file__).parents[2] / "examples"
CARDS = Path(__file__).with_name("gallery.yaml")


def cards() -> list[dict[str, Any]]:
    """Return `[{name, props, text}]` in the order they are shown; `$NAME` in the file stands for a shared value."""
    data = yaml.safe_load(CARDS.read_text(encoding="utf-8"))
    shared = {f"${name}": value for name, value in data["shared"].items()}
    shared["$rows"] = extremes.rows()
    for short, text in definitions().items():
        shared |= {f"${short}_{name}": value for name, value in drawn(text).items()}
    return json.loads(
        json.dumps(data["cards"]), object_hook=lambda node: {k: shared.get(v, v) if isinstance(v, str) else v for k, v in node.items()}
    )


def definitions() -> dict[str, str]:
    """Return the definitions that are drawn, by the name the file uses."""
    examples = {"orders": "high-value-orders", "leads": "lead-enrichment"}
    read = {short: (EXAMPLES / name / "definition.yaml").read_text(encoding="utf-8") for short, name in examples.items()}
    return {**read, "odd": extremes.odd(), "many": extremes.many()}


def drawn(text: str) -> dict[str, Any]:
    """Return what a card shows of a definition."""
    catalogue = load()
    examined = dsl.examine(text, catalogue)
    return {
        "picture": dsl.picture(examined.data).to_json(),
        "outline": [asdict(line) for line in dsl.outline(examined.data, catalogue)],
        "effects": [effect.to_json() for effect in dsl.effects(examined.data, catalogue)],
        "yaml": text,
    }


def serve(port: int) -> None:
    """Serve the gallery until interrupted."""
    home = Path(tempfile.mkdtemp(prefix="parley-gallery-"))
    from app.web.assets import materialise

    os.environ["CHAINLIT_APP_ROOT"] = str(materialise(home))
    os.environ["CHAINLIT_ENV_FILE"] = os.devnull
    import uvicorn
    from chainlit.utils import mount_chainlit
    from fastapi import FastAPI

    from app.web.adapt import adapt
    from app.web.guard import Guard

    app = FastAPI()
    mount_chainlit(app, target=str(Path(__file__).with_name("gallery_chat.py")), path="/")
    adapt()
    uvicorn.run(Guard(app), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    serve(int(sys.argv[1]))
