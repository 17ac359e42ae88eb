"""Structured logs, readable or as JSON. Never message text, tokens or secrets at info level.

Each line tells the trace that it belongs to, and the question or document, as far as there is one. What
looks like a secret is struck out of every line, whoever wrote it, and the words of other libraries'
exceptions stand only in a log of level ``debug``.
"""

import asyncio
import logging
import sys
from typing import Any

import structlog
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from wire.opentelemetry_spans import current_ids
from wire.secrecy import redacted, told

_log = structlog.get_logger("asyncio")


def set_up_logging(*, log_format: str, level: str) -> None:
    """Send our logs and the libraries' to standard error, once per process."""
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        _with_ids,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )

    def tell(exc_info: ExcInfo) -> str:
        return told(exc_info[1], with_words=level == "debug")

    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.ExceptionRenderer(tell),
                renderer,
                _without_secrets,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("nats", "slack_sdk", "httpx2", "anthropic", "asyncio", "opentelemetry"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))


def log_what_nobody_caught(loop: asyncio.AbstractEventLoop) -> None:
    """Have errors of forgotten tasks logged as all others are; asyncio's own line repeats their words."""

    def tell(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        _log.error(context["message"], exc_info=context.get("exception"))

    loop.set_exception_handler(tell)


def _with_ids(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    event.update(current_ids())
    return event


def _without_secrets(_: WrappedLogger, __: str, line: Any) -> str:
    return redacted(str(line))
