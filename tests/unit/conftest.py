"""A stand-in for Lambda's X-Ray daemon."""

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

TRACE_ID = "1-65a4f000-0123456789abcdef01234567"
FUNCTION_SEGMENT_ID = "53995c3f42cd8ad8"


@pytest.fixture
def traced_subsegments(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """The subsegments that an X-Ray daemon on loopback was sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.setblocking(False)
        monkeypatch.setenv("AWS_XRAY_DAEMON_ADDRESS", f"127.0.0.1:{daemon.getsockname()[1]}")
        monkeypatch.setenv(
            "_X_AMZN_TRACE_ID", "Root=1-65a4f000-0123456789abcdef01234567;Parent=53995c3f42cd8ad8;Sampled=1"
        )

        def received() -> list[dict[str, Any]]:
            datagrams = []
            while True:
                try:
                    datagrams.append(daemon.recv(65_536))
                except BlockingIOError:
                    return [json.loads(datagram.split(b"\n", 1)[1]) for datagram in datagrams]

        yield received
