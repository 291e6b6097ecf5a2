"""Log lines go to stderr: stdout belongs to results."""

from __future__ import annotations

import logging
import sys
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from app.settings import Settings


def configure(settings: Settings) -> None:
    """Set up structlog and the standard library's logging once a process; a second call changes nothing."""
    if structlog.is_configured():
        return
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    # plain tracebacks: structlog's own show the values of local variables, secrets among them
    console = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
    renderer = structlog.processors.JSONRenderer() if settings.log_json else console
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *([structlog.processors.format_exc_info] if settings.log_json else []),
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(level, logging.WARNING), stream=sys.stderr, format="%(asctime)s [%(levelname)s] %(name)s: %(message)s")
    logging.getLogger("parley.models").setLevel(level)  # which prompt went where, by its digest, and what it took
    logging.getLogger("psycopg.pool").setLevel(logging.ERROR)  # Parley says itself that the database is away
