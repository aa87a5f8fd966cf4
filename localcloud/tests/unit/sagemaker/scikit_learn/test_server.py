"""Start and end the server of a script's container."""

import asyncio
import gc
import sys
import time
from pathlib import Path

import pytest

from localcloud.sagemaker.scikit_learn.server import ScriptFailedError, ScriptServer

# Answers /ping with a status, and everything else with the method and the accepted type.
SERVER = """
import http.server, os, socketserver, sys

class Handler(http.server.BaseHTTPRequestHandler):
    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self): self.answer(int(sys.argv[1]))
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.answer(200, body + self.headers["Accept"].encode())
    def address_string(self): return "socket"

print("ValueError: the weights are damaged", flush=True)
open("pid", "w").write(str(os.getpid()))
socketserver.ThreadingUnixStreamServer(os.environ["LOCALCLOUD_SOCKET"], Handler).serve_forever()
"""


def started(root: Path, status: int = 200) -> ScriptServer:
    return ScriptServer([sys.executable, "-c", SERVER, str(status)], {}, root)


def test_server_that_answers_ping_takes_invocations(tmp_path: Path) -> None:
    server = started(tmp_path)
    server.wait_until_ready()

    answer = asyncio.run(server.invoke({"accept": "text/csv", "x-other": "1"}, b"row "))

    assert b"row text/csv" == answer.body


def test_model_that_cannot_be_loaded_is_an_error_with_the_last_error_of_the_log(
    tmp_path: Path,
) -> None:
    with pytest.raises(ScriptFailedError, match="ValueError: the weights are damaged"):
        started(tmp_path, status=500).wait_until_ready()


def test_server_that_ends_is_an_error(tmp_path: Path) -> None:
    server = ScriptServer([sys.executable, "-c", "raise SystemExit('KeyError: x')"], {}, tmp_path)
    with pytest.raises(ScriptFailedError, match="KeyError: x"):
        server.wait_until_ready()


def test_server_ends_when_nothing_refers_to_it(tmp_path: Path) -> None:
    root = tmp_path / "root"
    root.mkdir()
    server = started(root)
    server.wait_until_ready()
    process = Path("/proc", (root / "pid").read_text())

    del server
    gc.collect()

    deadline = time.monotonic() + 10
    while process.exists():
        assert time.monotonic() < deadline, "it still runs"
    assert not root.exists()
