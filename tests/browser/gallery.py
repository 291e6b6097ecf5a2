"""Every card in every state, with made-up props: a page to look at, served by Chainlit alone (no database, no login).

Run `python -m tests.browser.gallery PORT`, open the page and send any message; `test_gallery.py` does the same.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

CARDS = Path(__file__).with_name("gallery.yaml")


def cards() -> list[dict[str, Any]]:
    """Return `[{name, props, text}]` in the order they are shown; `$name` in the file stands for a shared value."""
    data = yaml.safe_load(CARDS.read_text(encoding="utf-8"))
    shared = {f"${name}": value for name, value in data["shared"].items()}
    return json.loads(
        json.dumps(data["cards"]), object_hook=lambda node: {k: shared.get(v, v) if isinstance(v, str) else v for k, v in node.items()}
    )


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
