"""Serve the Lambda Runtime API, the HTTP interface between Lambda and a runtime."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.client import parse_headers
from io import BufferedReader
from time import monotonic

HOST = "127.0.0.1"


@dataclass(frozen=True)
class Call:
    """A call of the runtime, by the end of its path: ``next``, ``response``, ``error``, or
    ``init/error``.
    """

    path: str
    body: bytes

    @property
    def is_init_error(self) -> bool:
        """Return whether the code outside the handler failed."""
        return self.path.endswith("/runtime/init/error")

    @property
    def is_error(self) -> bool:
        """Return whether the handler, or the code outside it, failed."""
        return self.path.endswith("/error")


class RuntimeApi:
    """The Runtime API of one execution environment, on its own port: its address cannot have a
    path.

    A runtime makes one call after the other, so the invoking thread serves it: it waits for
    ``sources``, reads a call, and replies.
    """

    def __init__(self) -> None:
        self._listener = socket.create_server((HOST, 0))
        self._connection: socket.socket | None = None
        self._reader: BufferedReader | None = None

    @property
    def address(self) -> str:
        """Return host and port, as AWS_LAMBDA_RUNTIME_API has them."""
        return f"{HOST}:{self._listener.getsockname()[1]}"

    @property
    def sources(self) -> list[socket.socket]:
        """Return the sockets; one of them can be read when the runtime calls."""
        return [self._connection or self._listener]

    def read(self, deadline: float) -> Call | None:
        """Read a call of the runtime; return None if it only opened or closed a connection.

        Raises:
            TimeoutError: the call was incomplete at the ``deadline`` on the monotonic clock.
        """
        if self._connection is None or self._reader is None:
            self._connection, _ = self._listener.accept()
            self._connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._reader = self._connection.makefile("rb")
            return None

        self._connection.settimeout(max(0.001, deadline - monotonic()))
        request_line = self._reader.readline()
        length = int(parse_headers(self._reader).get("Content-Length", "0"))
        body = self._reader.read(length)
        if not request_line or len(body) < length:
            self._hang_up()
            return None

        return Call(request_line.split()[1].decode(), body)

    def reply(
        self, status: HTTPStatus, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> None:
        """Answer the last call."""
        fields = {
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
            **(headers or {}),
        }
        lines = [
            f"HTTP/1.1 {status.value} {status.phrase}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        assert self._connection is not None
        self._connection.sendall("\r\n".join([*lines, "", ""]).encode() + body)

    def close(self) -> None:
        """Close the port and the connection."""
        self._hang_up()
        self._listener.close()

    def _hang_up(self) -> None:
        if self._connection is not None and self._reader is not None:
            self._reader.close()
            self._connection.close()
        self._connection = self._reader = None
