"""Give a step fakes of AWS clients that moto does not have, or that a test controls."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from botocore.client import BaseClient

from cli.aws import Aws
from tests.unit.conforming import conforming
from training.steps.context import Context


@contextmanager
def hooked(client: BaseClient, **handlers: Callable[..., Any]) -> Iterator[None]:
    """Call a handler before the requests of each named operation, until the end of the block."""
    events = client.meta.events
    service = client.meta.service_model.service_id.hyphenize()
    for operation, handler in handlers.items():
        events.register(f"before-call.{service}.{operation}", handler)
    try:
        yield
    finally:
        for operation, handler in handlers.items():
            events.unregister(f"before-call.{service}.{operation}", handler)


@contextmanager
def held_out(s3: BaseClient) -> Iterator[None]:
    """Fail a test whose step reads the test split within the block."""

    def refuse(params: dict[str, Any], **_: Any) -> None:
        source = str(params["headers"].get("x-amz-copy-source", ""))
        read = source or (params["url_path"] if params["method"] in ("GET", "HEAD") else "")
        if set(read.split("/")) & {"test", "test_lst"}:
            raise AssertionError(f"{read} is of the test split, which this step may not read")

    s3.meta.events.register("before-call.s3", refuse)
    try:
        yield
    finally:
        s3.meta.events.unregister("before-call.s3", refuse)


class AccountWithFakes:
    """Replace the named clients of `Aws` with fakes that conform to AWS's models."""

    def __init__(self, aws: Aws, **fakes: Any) -> None:
        self._aws = aws
        self._fakes = {
            name: conforming(fake, name.replace("_", "-")) for name, fake in fakes.items()
        }

    def __getattr__(self, name: str) -> Any:
        return self._fakes[name] if name in self._fakes else getattr(self._aws, name)


def with_fakes(context: Context, **fakes: Any) -> Context:
    """Return a step's context whose AWS clients of these names are fakes."""
    return replace(context, aws=cast("Aws", AccountWithFakes(context.aws, **fakes)))
