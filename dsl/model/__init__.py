"""The tree of a definition, as frozen pydantic models."""

from dsl.model.workflow import Definition

__all__ = ["Definition"]
