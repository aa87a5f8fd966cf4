"""Fixtures for every function: environment, context of Lambda, logs and metrics."""

import io
import json
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from functions.serialize_image import app as serialize_image


@dataclass(frozen=True)
class FakeContext:
    function_name: str = "scones-unlimited-function"
    memory_limit_in_mb: int = 512
    invoked_function_arn: str = (
        "arn:aws:lambda:us-east-1:123456789012:function:scones-unlimited-function"
    )
    aws_request_id: str = "6a2d0c1e-0000-4000-8000-000000000000"


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def failing_call() -> Callable[[Any, str, Exception], AbstractContextManager[None]]:
    """A client whose calls fail before they reach the network."""

    @contextmanager
    def failing(client: Any, event: str, failure: Exception) -> Iterator[None]:
        def fail(**_options: Any) -> None:
            raise failure

        client.meta.events.register(event, fail)
        yield
        client.meta.events.unregister(event, fail)

    return failing


@pytest.fixture(autouse=True, scope="session")
def decoder_process() -> Iterator[None]:
    """End the process that serialize_image decodes in, if a test has started it."""
    yield
    serialize_image.decoder().close()


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """An account that does not exist, and nothing of the developer's own."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AUDIT_SHARE", "0")
    monkeypatch.setenv("AUDIT_SALT", "salt")


@pytest.fixture
def emitted_metrics(capsys: pytest.CaptureFixture[str]) -> Callable[[], dict[str, Any]]:
    """The one EMF object that the handler printed."""

    def parse() -> dict[str, Any]:
        lines = [
            json.loads(line)
            for line in capsys.readouterr().out.splitlines()
            if line.startswith('{"_aws"')
        ]
        (emitted,) = lines
        return dict(emitted)

    return parse


@pytest.fixture
def log_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The structured log lines of the function."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    service_logger = logging.getLogger(os.environ["POWERTOOLS_SERVICE_NAME"])
    handler.setFormatter(service_logger.handlers[0].formatter)
    service_logger.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    service_logger.removeHandler(handler)
