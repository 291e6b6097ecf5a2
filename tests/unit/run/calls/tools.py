"""An MCP server made with the protocol's own kit: over streamable HTTP on loopback, or (`python -m …`) as a child."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mcp.server.fastmcp import Context, FastMCP

from tests.unit.run.calls.serving import serving


@dataclass
class Tools:
    url: str = ""
    called: list[str] = field(default_factory=list)
    requests: list[dict[str, str]] = field(default_factory=list)  # headers
    hold: asyncio.Event | None = None


def server(tools: Tools, **options: Any) -> FastMCP:
    made = FastMCP("Weather", **options)

    @made.tool()
    async def forecast(city: str, days: int = 1) -> dict[str, Any]:
        """The weather to come."""
        tools.called.append(city)
        if tools.hold is not None:
            await tools.hold.wait()
        return {"city": city, "days": days, "sunny": True}

    @made.tool()
    def broken(word: str) -> str:
        """Always fails."""
        raise ValueError(f"no weather for {word}")

    @made.tool()
    async def chatty(context: Context[Any, Any, Any]) -> str:
        """Talks while it works."""
        await context.info("working")
        await context.report_progress(1, 2)
        return "done"

    @made.tool()
    def variable(name: str) -> str:
        """What the environment holds."""
        return os.environ.get(name, "-")

    @made.resource("weather://today")
    def today() -> str:
        return "sunny"

    @made.resource("weather://{city}/now")
    def now(city: str) -> str:
        return f"sunny in {city}"

    @made.prompt()
    def ask(city: str) -> str:
        return f"How is the weather in {city}?"

    return made


@asynccontextmanager
async def tool_server(**options: Any) -> AsyncIterator[Tools]:
    """Yield a server at `url`; *options* are FastMCP's."""
    tools = Tools()
    application = server(tools, **options).streamable_http_app()

    async def noting(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            headers = {name.decode(): value.decode() for name, value in scope["headers"]}
            tools.requests.append({"method": scope["method"], **headers})
        await application(scope, receive, send)

    async with serving(noting) as port:
        tools.url = f"http://127.0.0.1:{port}/mcp"
        yield tools


if __name__ == "__main__":
    server(Tools()).run()
