"""One structured line for an invocation that fails: Lambda's own tells neither execution nor class."""

import functools
from collections.abc import Callable
from typing import Any

from aws_lambda_powertools import Logger

type Handler = Callable[..., dict[str, Any]]


def log_failure(logger: Logger) -> Callable[[Handler], Handler]:
    """Make a decorator that logs what a handler raises; it stands below the one that knows the correlation id."""

    def decorate(handler: Handler) -> Handler:
        @functools.wraps(handler)
        def logged(event: Any, context: Any) -> dict[str, Any]:
            try:
                return handler(event, context)
            except Exception:  # the border of the function: it goes on to Lambda, which hands it to the workflow
                logger.exception("Invocation failed")
                raise

        return logged

    return decorate
