"""The language as one JSON Schema (draft 2020-12), for editors and for other programs: `from dsl.schema import schema`.

Generated from the models, so it accepts what the structure layer of `check` accepts (with `metadata.parley`), but for `3.0`, which JSON
Schema calls an integer. Names, expressions and flow only `check` can judge.
"""

from dsl.schema.whole import schema

__all__ = ["schema"]
