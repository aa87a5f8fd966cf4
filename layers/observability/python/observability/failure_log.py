"""Log visible characters only, and one structured line for each failed invocation.

Lambda's own line for a failure lacks the execution and the error's class.
"""

import functools
import json
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

type Handler = Callable[..., dict[str, Any]]


def function_logger() -> Logger:
    """Return the logger of a function. It writes ASCII: keys may hold marks that reorder a line."""
    return Logger(json_serializer=functools.partial(json.dumps, default=str, separators=(",", ":")))


def log_failure(logger: Logger) -> Callable[[Handler], Handler]:
    """Return a decorator that logs a handler's exceptions.

    Apply it below the decorator that sets the correlation id.
    """

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def logged(event: Any, context: Any) -> dict[str, Any]:
            try:
                return handler(event, context)
            except Exception:  # Lambda passes it to the workflow
                logger.exception("Invocation failed")
                raise

        return logged

    return decorate
