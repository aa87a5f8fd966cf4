"""The functions' log: visible characters only, and one structured line for an invocation that fails.

Lambda's own line for a failure has neither the execution nor the error's class.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

type Handler = Callable[..., dict[str, Any]]


def function_logger() -> Logger:
    """Make the logger of a function. It writes ASCII alone: keys and causes may hold marks that reorder a line."""
    return Logger(json_serializer=functools.partial(json.dumps, default=str, separators=(",", ":")))


def log_failure(logger: Logger) -> Callable[[Handler], Handler]:
    """Make a decorator that logs what a handler raises; it stands below the one that knows the correlation id."""

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def logged(event: Any, context: Any) -> dict[str, Any]:
            try:
                return handler(event, context)
            except (
                Exception
            ):  # the border of the function: it goes on to Lambda, which hands it to the workflow
                logger.exception("Invocation failed")
                raise

        return logged

    return decorate
