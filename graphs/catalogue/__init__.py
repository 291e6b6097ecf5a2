"""The default catalogue: what `call: NAME:VERSION@default` can name, as data. The code behind an entry is in `graphs/functions`."""

from __future__ import annotations

from functools import lru_cache
from importlib import resources

import yaml

from dsl.catalogue import Function


@lru_cache(maxsize=1)
def _entries() -> tuple[Function, ...]:
    files = sorted((file for file in resources.files(__name__).iterdir() if file.name.endswith(".yaml")), key=lambda file: file.name)
    return tuple(Function.model_validate(yaml.safe_load(file.read_text(encoding="utf-8"))) for file in files)


def load() -> dict[str, Function]:
    """Return every function by its key, `notify:1.0.0`."""
    return {function.key: function for function in _entries()}
