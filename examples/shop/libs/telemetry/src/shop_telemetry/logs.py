"""One JSON object a line on standard error."""

import logging
import os
import sys

import structlog


def configure(service: str) -> structlog.stdlib.BoundLogger:
    """Set up logging once and return a logger that names the service.

    `LOG_LEVEL` in the environment is the least level that is shown; without it, `info`.
    """
    level = logging.getLevelNamesMapping().get(os.environ.get("LOG_LEVEL", "info").upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level or logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    return structlog.get_logger().bind(service=service)
