"""Put Chainlit's folder together before Chainlit is imported.

Chainlit reads its configuration, theme, cards and welcome text from `CHAINLIT_APP_ROOT` while it is imported, and writes there. So the
files that came with Parley (the repository's `public/`, `.chainlit/`, `chainlit.md`, or `app/assets/` in a wheel) are copied to a folder
of their own.
"""

from __future__ import annotations

import json
import shutil
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

APP = Path(__file__).resolve().parent.parent


def source() -> Path:
    """Return the folder that holds `public/`, `.chainlit/` and `chainlit.md`: in a wheel `app/assets`, in a checkout the repository."""
    packaged = APP / "assets"
    return packaged if packaged.is_dir() else APP.parent


def materialise(root: Path) -> Path:
    """Copy the files to *root*, replacing what an older version left, and return *root*."""
    given = source()
    root.mkdir(parents=True, exist_ok=True)
    public = root / "public"
    if public.is_dir():
        shutil.rmtree(public)
    shutil.copytree(given / "public", public)
    (root / ".chainlit" / "translations").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(given / ".chainlit" / "config.toml", root / ".chainlit" / "config.toml")
    for name in ("chainlit.md", "chainlit_en-US.md"):  # Chainlit warns on every page when the second is missing
        shutil.copyfile(given / "chainlit.md", root / name)
    words = json.loads((given / ".chainlit" / "words.json").read_text(encoding="utf-8"))
    text = json.dumps(_merged(_chainlit_words(), words), ensure_ascii=False, indent=1)
    (root / ".chainlit" / "translations" / "en-US.json").write_text(text, encoding="utf-8")
    return root


def sweep(root: Path, *, older_than_s: float) -> int:
    """Remove session folders under `.files` that nobody touched for *older_than_s* seconds; return how many.

    Mounted, Chainlit's own clean-up does not run.
    """
    removed = 0
    for folder in (root / ".files").glob("*"):
        if folder.is_dir() and time.time() - folder.stat().st_mtime > older_than_s:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed


def _chainlit_words() -> dict[str, Any]:
    """Chainlit's English texts, found without importing it."""
    spec = find_spec("chainlit")
    if spec is None or spec.origin is None:
        return {}
    text = (Path(spec.origin).parent / "translations" / "en-US.json").read_text(encoding="utf-8")
    words: dict[str, Any] = json.loads(text)
    return words


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    both = {
        name: _merged(base[name], value) if isinstance(value, dict) and isinstance(base.get(name), dict) else value
        for name, value in over.items()
    }
    return {**base, **both}
