"""Foreign descriptions to catalogue functions: an OpenAPI document, an MCP tool list. Pure functions; nothing is fetched."""

from dsl.imports.openapi import from_openapi, operations
from dsl.imports.results import Imported

__all__ = ["Imported", "from_openapi", "operations"]
