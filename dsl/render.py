"""Write a definition as YAML that people like to read: the usual key order, block style, quotes only where they are needed."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, Final

from dsl import scalars

JSON = Any

_USUAL: Final = """
document dsl namespace name version title summary tags input schedule cron every after on
use secrets authentications errors retries timeouts
if call with method endpoint uri headers query body redirect emit event for each in at while
fork compete listen to one any all read raise error
run workflow set switch when try catch as exceptWhen retry delay backoff limit jitter wait do branches
schema format from output export timeout then metadata
"""
_ORDER: Final[dict[str, int]] = {key: number for number, key in enumerate(_USUAL.split())}
# under these keys stand the author's own names: their order means something to people and is kept
_AUTHORS: Final = "set with headers query body data tags document properties from as metadata input errors retries timeouts"
_FREE: Final = frozenset(_AUTHORS.split())
_WIDTH: Final = 110
_ENDLESS: Final = 1_000_000


def render(data: JSON, *, blocks: bool = True) -> str:
    """Return YAML text whose data equals *data* (order of keys aside); without *blocks*, texts of several lines are quoted on one."""
    import yaml  # 20 ms, only for who writes

    width = _WIDTH if blocks else _ENDLESS
    dumped = yaml.dump(
        _ordered(data, ""), Dumper=_dumper(blocks), sort_keys=False, allow_unicode=True, width=width, indent=2, default_flow_style=False
    )
    return str(dumped)


def _ordered(value: JSON, key: str) -> JSON:
    if isinstance(value, dict):
        keys = list(value)
        if key not in _FREE or (key == "document" and "dsl" in value) or (key == "with" and "endpoint" in value):
            keys.sort(key=lambda name: _ORDER.get(name, len(_ORDER)))
        return {name: _ordered(value[name], name) for name in keys}
    return [_ordered(item, "") for item in value] if isinstance(value, list | tuple) else value


@lru_cache(maxsize=2)
def _dumper(blocks: bool) -> Any:
    """Return PyYAML's dumper with our scalars: a text is quoted exactly when `read` would not give it back."""
    import yaml

    class Dumper(yaml.SafeDumper):
        def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
            super().increase_indent(flow, False)  # list items stand deeper than their key

        def ignore_aliases(self, data: Any) -> bool:
            return True

    def text(dumper: Any, value: str) -> Any:
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=_style(value, blocks))

    Dumper.add_representer(str, text)
    Dumper.yaml_implicit_resolvers = {}  # otherwise every 1.1 word (`on`, `no`, 12:30) is quoted
    _add_numbers(Dumper)
    return Dumper


def _style(value: str, blocks: bool) -> str | None:
    """Return how a text is quoted: `|` for several plain lines, None where PyYAML may choose."""
    if "\n" in value:
        plain = not value.startswith((" ", "\n")) and "\t" not in value and all(line == line.rstrip() for line in value.split("\n"))
        return "|" if blocks and plain else '"'
    return "'" if _needs_quotes(value) else None


def _add_numbers(dumper: Any) -> None:
    """Write plain scalars without tags although no resolver names their type."""

    def plain(self: Any, value: Any) -> Any:
        text = (
            {None: "null", True: "true", False: "false"}.get(value, repr(value))
            if value is None or isinstance(value, bool)
            else repr(value)
        )
        return self.represent_scalar("tag:yaml.org,2002:str", text)

    for kind in (type(None), bool, int, float):
        dumper.add_representer(kind, plain)


def _needs_quotes(value: str) -> bool:
    try:
        return not isinstance(scalars.resolve(value), str)
    except scalars.NotRepresentable:
        return True
