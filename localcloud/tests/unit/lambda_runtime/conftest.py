"""Make pools of execution environments, and functions whose source is in the test."""

import io
import json
import socket
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from localcloud.lambda_runtime.installation import install
from localcloud.lambda_runtime.invocation import Function, Invocation, InvocationResult
from localcloud.lambda_runtime.pool import LambdaPool
from localcloud.lambda_runtime.settings import PoolSettings
from localcloud.server.settings import data_folder

# Opens a connection, which the kernel closes when the process ends; answers with its process id.
PRESENCE = """
import os, socket, time
links = []
def handler(event, context):
    links[:] = links or [socket.create_connection(("127.0.0.1", event["port"]))]
    time.sleep(event.get("sleep", 0))
    return os.getpid()
"""

type MakeZip = Callable[[dict[str, str]], bytes]
type MakePool = Callable[..., LambdaPool]
type Run = Callable[..., InvocationResult]


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(
                zipfile.ZipInfo(name), text
            )  # dated 1980, so equal texts make equal archives
    return buffer.getvalue()


@pytest.fixture
def make_zip() -> MakeZip:
    """Return a zip archive of texts by file name."""
    return zipped


@pytest.fixture
def presence_source() -> str:
    return PRESENCE


@pytest.fixture
def presence() -> Iterator[socket.socket]:
    """Listen for the connections of functions made from ``presence_source``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


@pytest.fixture
def settings(tmp_path: Path) -> PoolSettings:
    return PoolSettings(install(data_folder(), print), tmp_path / "code", "http://127.0.0.1:4566")


@pytest.fixture
def make_pool(settings: PoolSettings) -> Iterator[MakePool]:
    """Return a pool with these settings, which ends with the test."""
    with ExitStack() as stack:
        yield lambda **fields: stack.enter_context(closing(LambdaPool(replace(settings, **fields))))


@pytest.fixture
def pool(make_pool: MakePool) -> LambdaPool:
    return make_pool(max_environments=1)


@pytest.fixture
def run(pool: LambdaPool) -> Run:
    """Invoke the handler of a source, in the one environment of ``pool`` or in another pool."""

    def invoke(
        source: str,
        event: object = None,
        *,
        timeout: float = 5,
        pool: LambdaPool = pool,
        **fields: Any,
    ) -> InvocationResult:
        function = Function(
            **{"name": "f", "handler": "app.handler", "code": zipped({"app.py": source}), **fields}
        )
        return pool.invoke(
            function, Invocation("id-1", json.dumps(event).encode(), timeout, "arn-of-f", "Root=1")
        )

    return invoke
