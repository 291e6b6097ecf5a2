"""Foreign descriptions (OpenAPI document, MCP tool list, A2A agent card) to catalogue functions. Pure functions; nothing is fetched."""

from dsl.imports.a2a import from_agent_card
from dsl.imports.mcp import from_mcp
from dsl.imports.openapi import from_openapi, operations
from dsl.imports.results import Imported

__all__ = ["Imported", "from_agent_card", "from_mcp", "from_openapi", "operations"]
