"""Provide unit tests with a thread-safe moto and a stand-in for Lambda's X-Ray daemon."""

import json
import socket
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import moto.core.responses
import moto.s3.urls
import pytest
from moto.core.utils import method_names_from_class
from moto.s3.models import S3Backend

TRACE_ID = "1-65a4f000-0123456789abcdef01234567"
FUNCTION_SEGMENT_ID = "53995c3f42cd8ad8"


@pytest.fixture
def traced_subsegments(
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The subsegments that an X-Ray daemon on loopback was sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{daemon.getsockname()[1]}")
        monkeypatch.setenv(
            "_X_AMZN_TRACE_ID",
            "Root=1-65a4f000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1",
        )

        def received() -> list[dict[str, Any]]:
            datagrams = []
            while True:
                try:
                    datagrams.append(daemon.recv(65_536))
                except BlockingIOError:
                    return [json.loads(datagram.split(b"\n", 1)[1]) for datagram in datagrams]

        yield received


@pytest.fixture(scope="session", autouse=True)
def moto_routes() -> Iterator[None]:
    """Let moto compute the routes of its calls once.

    By default, moto loads the module of S3's routes again at every call, and overwrites it while
    other threads read it (`moto.s3.models.S3Backend._url_module`). It also lists the methods of a
    service at every call.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(S3Backend, "_url_module", moto.s3.urls)
        patch.setattr(
            moto.core.responses, "method_names_from_class", cache(method_names_from_class)
        )
        yield
