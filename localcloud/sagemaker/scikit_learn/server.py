"""Serve a model with gunicorn and the functions of its script, as the scikit-learn container does.

The server ends when nothing refers to it any more, so that a replaced endpoint still answers the
requests that it has taken.
"""

import asyncio
import http.client
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
import weakref
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from shutil import rmtree

from localcloud.api.protocol import Answer
from localcloud.sagemaker.lifeline import with_lifeline

# AWS waits 8 minutes for a container that answers /ping:
# https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html
_START_SECONDS = 480.0
_POLL_SECONDS = 0.05
_AT_ONCE = 32  # requests
_ERROR = re.compile(r"[\w.]+(Error|Exception|Exit)\b.*")
_SENT = ("content-type", "accept", "x-amzn-sagemaker-custom-attributes")


class ScriptFailedError(Exception):
    """The container of a script cannot serve; the message has the last error of its log."""


class ScriptServer:
    """A running container of a model.

    Args:
        command: Starts the server on a Unix socket.
        variables: The environment of the server, without its socket.
        root: The container's own folder, which is deleted with it.
    """

    def __init__(self, command: Sequence[str | Path], variables: Mapping[str, str], root: Path):
        # The path of a socket has at most 107 bytes.
        # mkdtemp makes a folder of this user alone.
        self._sockets = Path(tempfile.mkdtemp(prefix="endpoint-", dir="/tmp"))  # nosec B108
        self._socket = self._sockets / "socket"
        self._log = root / "container.log"
        self._threads = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="script-server")
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                with_lifeline(command),
                cwd=root,
                env={**variables, "LOCALCLOUD_SOCKET": str(self._socket)},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        weakref.finalize(self, _end, self._process, self._threads, root, self._sockets)

    def wait_until_ready(self) -> None:
        """Wait until the server answers /ping, which loads the model.

        Raises:
            ScriptFailedError: the server ended, could not load the model, or is not ready in time.
        """
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise ScriptFailedError(self._last_error())
            with suppress(OSError):  # it does not listen yet
                status = self._exchange("GET", "/ping", {}, b"").status
                if status == HTTPStatus.OK:
                    return
                raise ScriptFailedError(self._last_error())
            time.sleep(_POLL_SECONDS)
        raise ScriptFailedError(f"It did not answer /ping within {_START_SECONDS:.0f} s.")

    async def invoke(self, headers: Mapping[str, str], body: bytes) -> Answer:
        """Answer an invocation."""
        sent = {name: headers[name] for name in _SENT if name in headers}
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._threads, self._exchange, "POST", "/invocations", sent, body
        )

    def _exchange(self, method: str, path: str, headers: Mapping[str, str], body: bytes) -> Answer:
        connection = _UnixConnection(self._socket)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())
        finally:
            connection.close()

    def _last_error(self) -> str:
        lines = [line for line in self._log.read_text(errors="replace").splitlines() if line]
        errors = [line for line in lines if _ERROR.match(line)]
        return (errors or lines or ["It ended without a message."])[-1]


class _UnixConnection(http.client.HTTPConnection):
    """A connection to a server on a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost")
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


def _end(process: subprocess.Popen[bytes], threads: ThreadPoolExecutor, *folders: Path) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    if process.stdin:
        process.stdin.close()
    process.wait()
    threads.shutdown(wait=False, cancel_futures=True)
    for folder in folders:
        rmtree(folder, ignore_errors=True)
