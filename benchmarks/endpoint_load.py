"""Generate the load of endpoint_throughput: send prepared HTTP requests and measure times.

It runs in a separate process. The requests are signed before the clock starts, because a real
client signs on another machine. The remaining 0.1 to 0.2 ms of CPU time a request are reported as
the client's share.

    python -m benchmarks.endpoint_load HOST:PORT REQUESTS CONCURRENCY COUNT
"""

import json
import re
import select
import socket
import sys
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from subprocess import run
from time import perf_counter, process_time

from untrusted.terminal import say

_CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)


class BadAnswerError(Exception):
    """The server did not answer 200; its answer is below."""


@dataclass(frozen=True)
class Load:
    """The measurements of one run.

    Args:
        seconds: Wall time from the first request to the last answer.
        latencies: Seconds of each request.
        client_cpu_seconds: CPU time of the load generator in that time.
        answers: The last answer to each of the requests, in their order.
    """

    seconds: float
    latencies: list[float]
    client_cpu_seconds: float
    answers: list[str]


def load(address: str, requests_file: Path, concurrency: int, count: int) -> Load:
    """Run the load generator and wait for it. `write_requests` writes `requests_file`."""
    command = [sys.executable, "-m", "benchmarks.endpoint_load", address, str(requests_file)]
    command += [str(concurrency), str(count)]
    return Load(**json.loads(run(command, check=True, capture_output=True).stdout))


def write_requests(path: Path, requests: Sequence[bytes]) -> Path:
    """Write complete HTTP requests for the load generator; return the path."""
    path.write_text(json.dumps([b64encode(request).decode() for request in requests]))
    return path


class Clients:
    """Clients that send requests in turn, each one at a time over a separate connection."""

    def __init__(
        self, address: tuple[str, int], requests: list[bytes], concurrency: int, count: int
    ) -> None:
        self._requests = requests
        self._left = iter(range(count))
        self._poll = select.epoll()
        self._connections: dict[int, socket.socket] = {}
        self._under_way: dict[int, tuple[int, float, bytes]] = {}
        self.latencies: list[float] = []
        self.answers = [""] * len(requests)

        for _ in range(concurrency):
            connection = socket.create_connection(address)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._connections[connection.fileno()] = connection
            self._poll.register(connection, select.EPOLLIN)

    def send_all(self) -> None:
        """Send all requests and wait for the answers.

        Raises:
            BadAnswerError: An answer is not a 200.
        """
        for client in self._connections:
            self._send_next(client)
        while self._under_way:
            for client, _ in self._poll.poll():
                self._receive(client)

    def close(self) -> None:
        """Close the connections."""
        for connection in self._connections.values():
            connection.close()
        self._poll.close()

    def _send_next(self, client: int) -> None:
        number = next(self._left, None)
        if number is not None:
            number %= len(self._requests)
            self._under_way[client] = number, perf_counter(), b""
            self._connections[client].sendall(self._requests[number])

    def _receive(self, client: int) -> None:
        number, sent, received = self._under_way.pop(client)
        more = self._connections[client].recv(65536)
        if not more:
            raise BadAnswerError("The server closed the connection.")
        body = whole_body(received + more)
        if body is None:
            self._under_way[client] = number, sent, received + more
        else:
            self.latencies.append(perf_counter() - sent)
            self.answers[number] = body.decode()
            self._send_next(client)


def whole_body(answer: bytes) -> bytes | None:
    """Return the body of an HTTP answer, or None while a part of it is missing.

    Raises:
        BadAnswerError: The answer is not a 200.
    """
    head, separator, body = answer.partition(b"\r\n\r\n")
    length = _CONTENT_LENGTH.search(head + b"\r\n")
    if not separator or not length or len(body) < int(length[1]):
        return None
    if not head.startswith(b"HTTP/1.1 200 "):
        raise BadAnswerError(answer.decode(errors="replace"))

    return body


def measure(address: str, requests_file: Path, concurrency: int, count: int) -> Load:
    """Send the requests from this process.

    Raises:
        BadAnswerError: An answer is not a 200.
    """
    requests = [b64decode(request) for request in json.loads(requests_file.read_text())]
    host, _, port = address.partition(":")
    clients = Clients((host, int(port)), requests, concurrency, count)
    cpu = process_time()
    began = perf_counter()
    clients.send_all()
    took = Load(perf_counter() - began, clients.latencies, process_time() - cpu, clients.answers)
    clients.close()

    return took


if __name__ == "__main__":
    address, requests_file, concurrency, count = sys.argv[1:]
    say(json.dumps(asdict(measure(address, Path(requests_file), int(concurrency), int(count)))))
