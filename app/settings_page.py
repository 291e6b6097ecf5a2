"""Write `docs/settings.md` from the settings: `python -m app.settings_page > docs/settings.md`."""

from __future__ import annotations

import sys

from pydantic import AliasChoices
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from app.settings import Settings

HEAD = """# Settings

Everything Parley reads from its environment, or from a file `.env` in the folder it is started in. Nothing has to be set.
Lists are separated by commas; seconds and megabytes are in the names. Written from `app/settings.py` by `python -m app.settings_page`.

| variable | default | what it decides |
| --- | --- | --- |
"""


def page() -> str:
    """Return the page as Markdown."""
    return HEAD + "".join(_line(name, field) for name, field in Settings.model_fields.items())


def _line(name: str, field: FieldInfo) -> str:
    alias = field.validation_alias
    names = [str(choice) for choice in alias.choices] if isinstance(alias, AliasChoices) else [f"PARLEY_{name.upper()}"]
    return f"| {' or '.join(f'`{name}`' for name in names)} | {_default(field)} | {field.description} |\n"


def _default(field: FieldInfo) -> str:
    if field.default in (None, "", (), PydanticUndefined):
        return "unset"
    return f"`{str(field.default).lower() if isinstance(field.default, bool) else field.default}`"


if __name__ == "__main__":
    sys.stdout.write(page())
