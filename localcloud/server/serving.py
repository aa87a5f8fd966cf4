"""Run the server process: own a folder and a port, serve until the stop signal, and clean up."""

import asyncio
import ctypes
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler

from localcloud.server import state_format
from localcloud.server.listener import HOST, open_listener, read_port, write_port
from localcloud.server.ownership import FolderNotUsableError, Record, claim
from localcloud.server.settings import Folder, data_folder, server_environment
from untrusted.terminal import VisibleFormatter

_LOG_BYTES = 5_000_000
# Numbers of mallopt(3). Blocks of the second size and above are returned to the system at once; the
# pixels of an image, 147 KiB, stay below it.
_M_TRIM_THRESHOLD = -1
_TRIM_BYTES = 1024 * 1024
_M_MMAP_THRESHOLD = -3
_MMAP_BYTES = 256 * 1024


def serve(
    folder: Folder,
    port: int | None,
    stop_at_end_of_input: bool,
    announce: Callable[[Record], None],
    with_faults: bool = False,
) -> None:
    """Serve the local cloud of a folder until SIGINT, SIGTERM, SIGHUP or the end of standard input.

    Args:
        folder: the folder of state and logs.
        port: see `open_listener`.
        stop_at_end_of_input: stop when the other end of standard input closes.
        announce: called when the server runs.
        with_faults: see `localcloud.faults`.

    Raises:
        AlreadyRunningError: another server owns the folder.
        FolderNotUsableError: the folder cannot be used.
        IncompatibleStateError: another version wrote the state.
        PortInUseError: another program listens on the port.
        StateNotSavedError: the local cloud stopped, and could not save its state.
        Exception: see `localcloud.server.composition.run`.
    """
    with claim(folder), open_listener(port, read_port(folder.port)) as listener:
        state_format.check(folder)
        record = _record(listener)
        environment = server_environment(folder, record.port)
        os.environ.clear()
        os.environ.update(environment)
        _keep(record, folder)
        _log_to(folder)
        _keep_bytecode()
        _give_memory_back()
        from localcloud.server import (
            composition,
            # MiniStack reads the environment when it is imported.
        )

        async def run() -> None:
            stop = _stop_signal(stop_at_end_of_input)
            await composition.run(
                folder, listener, record.url, stop.wait, lambda: announce(record), with_faults
            )

        asyncio.run(run())
        folder.unsaved.unlink(missing_ok=True)


def _record(listener: socket.socket) -> Record:
    port = listener.getsockname()[1]
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return Record(os.getpid(), port, f"http://{HOST}:{port}", now, state_format.ministack_version())


def _keep(record: Record, folder: Folder) -> None:
    try:
        folder.unsaved.touch()
        write_port(folder.port, record.port)
        record.write(folder)
    # For example a full disk.
    except OSError as exc:
        raise FolderNotUsableError(folder, exc) from exc


def _keep_bytecode() -> None:
    # Compiling MiniStack, 200,000 lines, adds 8 seconds to every start where Python cannot
    # write beside the sources.
    if sys.dont_write_bytecode:
        sys.dont_write_bytecode = False
        sys.pycache_prefix = str(data_folder() / "pycache")


def _give_memory_back() -> None:
    # By default, glibc raises these thresholds with every large freed block, and so keeps
    # memory that only the loading of a model needs: 30 MB, a fifth of the process. Other C
    # libraries do not have these settings.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_TRIM_THRESHOLD, _TRIM_BYTES)
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MMAP_BYTES)


def _log_to(folder: Folder) -> None:
    file = RotatingFileHandler(folder.log, maxBytes=_LOG_BYTES, backupCount=1, encoding="utf-8")
    file.setFormatter(VisibleFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[file], level=logging.INFO, force=True)
    # These loggers report every file of every save, print a banner, and miss a metrics service.
    for name, level in {
        "persistence": logging.WARNING,
        "ministack": logging.WARNING,
        "samtranslator": logging.ERROR,
    }.items():
        logging.getLogger(name).setLevel(level)


def _stop_signal(stop_at_end_of_input: bool) -> asyncio.Event:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stop.set)

    def read_input() -> None:
        if not os.read(sys.stdin.fileno(), 4096):
            loop.remove_reader(sys.stdin)
            stop.set()

    if stop_at_end_of_input:
        loop.add_reader(sys.stdin, read_input)
    return stop
