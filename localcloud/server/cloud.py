"""Start a local cloud in its own process, and stop it."""

import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.loaders import Loader, create_loader

from localcloud.lambda_runtime.installation import install
from localcloud.server.client_environment import client_environment, foreign_variables
from localcloud.server.ownership import FolderNotUsableError, Record, find
from localcloud.server.settings import (
    ACCESS_KEY,
    IMPORT_FOLDER,
    REGION,
    SECRET_KEY,
    Folder,
    data_folder,
)
from untrusted.terminal import SeveralLinesError, say

# A start takes a few seconds, and longer with a large state on a slow machine.
_START_SECONDS = 60.0
# Executions have 5 seconds to end, connections 3, and the rest is for saving the state.
_STOP_SECONDS = 30.0
# 127.0.0.1 has no subdomains, so the host can name neither a bucket nor an operation.
_CLIENT_CONFIG = Config(s3={"addressing_style": "path"}, inject_host_prefix=False, proxies={})


class StartFailedError(SeveralLinesError):
    """The local cloud did not start; its output is below, and its log is in the named file."""


class NotRunningError(Exception):
    """The local cloud is not running: start it with `python -m localcloud up --detach`."""


@dataclass(frozen=True)
class Cloud:
    """A running local cloud, as its clients see it."""

    url: str

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment of a client process: this one with the local cloud's variables."""
        kept = {
            name: value for name, value in os.environ.items() if name not in foreign_variables()
        }
        return {**kept, **client_environment(self.url)}

    def client(
        self, service: str, access_key: str = ACCESS_KEY, secret_key: str = SECRET_KEY
    ) -> Any:
        """Return a boto3 client of these keys, by default of the root; ignore the environment."""
        session = _session(access_key, secret_key)
        return session.client(  # type: ignore[call-overload]
            service, endpoint_url=self.url, config=_CLIENT_CONFIG
        )

    def resource(self, service: str) -> Any:
        """Return a boto3 resource of the account's root, independent of this environment."""
        session = _session(ACCESS_KEY, SECRET_KEY)
        return session.resource(  # type: ignore[call-overload]
            service, endpoint_url=self.url, config=_CLIENT_CONFIG
        )


def _session(access_key: str, secret_key: str) -> boto3.session.Session:
    # The user's profile and files are not read: a missing profile or a broken file would stop
    # this process.
    unread = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    core = botocore.session.Session({**unread, "profile": (None, None, None, None)})
    core.register_component("data_loader", _models())
    return boto3.session.Session(access_key, secret_key, region_name=REGION, botocore_session=core)


@cache
def _models() -> Loader:
    """Return AWS's models for all clients; parsing them takes ten times as long as the rest of a
    client.
    """
    return create_loader()


@contextmanager
def running(
    state_dir: Path,
    port: int = 0,
    wait_scale: float = 1,
    publish_seconds: float | None = None,
    *,
    cold_start_seconds: float = 0,
    faults: bool = False,
) -> Iterator[Cloud]:
    """Run a local cloud for the length of the block; it also stops if this process is killed.

    Args:
        state_dir: the folder of the local cloud, which is created; each local cloud needs its own.
        port: the port; 0 is any free port.
        wait_scale: factor for the waits of workflows (Wait states, Retry); 0 for tests that cannot
            wait.
        publish_seconds: the delay of endpoints' metrics and captured data; None is the default.
        cold_start_seconds: the time that serverless endpoints take to start.
        faults: whether `localcloud.faults.client.Faults` can inject faults.

    Raises:
        StartFailedError: it did not start.
    """
    folder = Folder(state_dir.resolve())
    settings = {
        "SFN_WAIT_SCALE": str(wait_scale),
        "SAGEMAKER_COLD_START_SECONDS": str(cold_start_seconds),
    }
    if publish_seconds is not None:
        settings["SAGEMAKER_PUBLISH_SECONDS"] = str(publish_seconds)
    process = _spawn(folder, port, settings, attached=True, faults=faults)
    try:
        yield Cloud(_await_start(process, folder).url)
    finally:
        _end(process)


def start(folder: Folder, port: int | None, *, faults: bool = False) -> Record:
    """Start a local cloud that keeps running when this process ends.

    Raises:
        FolderNotUsableError: the folder cannot be used.
        StartFailedError: it did not start.
    """
    return _await_start(_spawn(folder, port, {}, attached=False, faults=faults), folder)


def stop(folder: Folder) -> Record:
    """Stop the local cloud of a folder, and wait for its end; its state is kept.

    Raises:
        NotRunningError: the local cloud does not run.
    """
    record = require(folder)
    deadline = time.monotonic() + _STOP_SECONDS
    with suppress(ProcessLookupError):  # it ended in the meantime
        os.kill(record.pid, signal.SIGTERM)
        while find(folder) is not None:
            if time.monotonic() > deadline:
                os.kill(record.pid, signal.SIGKILL)
            time.sleep(0.05)

    while (
        _runs(record.pid) and time.monotonic() < deadline
        # It releases the lock some time before it ends.
    ):
        time.sleep(0.05)

    return record


def _runs(pid: int) -> bool:
    """Return whether a process still runs; a zombie process (state Z) does not."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return status.rpartition(")")[2].split()[0] != "Z"


def require(folder: Folder) -> Record:
    """Return the record of the local cloud of a folder.

    Raises:
        NotRunningError: the local cloud does not run.
    """
    record = find(folder)
    if record is None:
        raise NotRunningError(NotRunningError.__doc__)
    return record


def _spawn(
    folder: Folder, port: int | None, settings: Mapping[str, str], *, attached: bool, faults: bool
) -> "subprocess.Popen[bytes]":
    install(
        data_folder(),
        lambda line: say(line, file=sys.stderr),
        # Installed here, since it may take longer than a start.
    )

    command = [sys.executable, "-m", "localcloud", "up", "--state-dir", str(folder.path)]
    command += [] if port is None else ["--port", str(port)]
    command += ["--stop-at-end-of-input"] if attached else []
    command += ["--faults"] if faults else []
    try:
        folder.output.parent.mkdir(parents=True, exist_ok=True)
        output = folder.output.open("wb")
    except OSError as exc:
        raise FolderNotUsableError(folder, exc) from exc

    with output:
        return subprocess.Popen(
            command,
            # This folder, so that the process runs this package, and not one of the current folder.
            cwd=IMPORT_FOLDER,
            env={**os.environ, **settings},
            stdin=subprocess.PIPE if attached else subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # a Ctrl-C in this terminal does not reach it
        )


def _await_start(process: "subprocess.Popen[bytes]", folder: Folder) -> Record:
    deadline = time.monotonic() + _START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        record = Record.read(folder)
        if record is not None and record.pid == process.pid and _serves(record.url):
            return record
        time.sleep(0.05)

    _end(process)
    printed = folder.output.read_text(encoding="utf-8", errors="replace").strip()
    lines = printed.splitlines() or ["The local cloud did not start in time."]
    raise StartFailedError(*lines, f"The log is {folder.log}.")


def _serves(url: str) -> bool:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"{url}/_ministack/health", timeout=_START_SECONDS) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()

    if process.stdin:
        process.stdin.close()
