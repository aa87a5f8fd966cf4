"""Take the port of the local cloud before the rest starts, so that no other program takes it."""

import errno
import socket
from pathlib import Path

from localcloud.server.port_holder import describe_holder

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
_LAST_PORT = 65535
_BACKLOG = 1024


class PortInUseError(Exception):
    """Another program listens on the port: stop it, name another --port, or leave --port out."""


class PortNotAllowedError(Exception):
    """The port is reserved for the system: name a --port from 1024 to 65535."""


def open_listener(port: int | None, used_before: int | None = None) -> socket.socket:
    """Listen on a loopback port. Clients can connect now, and get answers when the server runs.

    Args:
        port: the port to use (0 is any free port), or None for the port used before, else the
            default port, else any free port.
        used_before: the port of this cloud's last start, which open shells still use.

    Raises:
        PortInUseError: another program listens on ``port`` or on ``used_before``.
        PortNotAllowedError: this user may not use ``port``.
    """
    wanted = port if port is not None else used_before
    try:
        return _listen(DEFAULT_PORT if wanted is None else wanted)
    except OSError as exc:
        if exc.errno == errno.EACCES:
            raise PortNotAllowedError(
                f"Port {wanted} is reserved for the system. Name a --port from 1024 to 65535."
            ) from exc
        if exc.errno != errno.EADDRINUSE:
            raise
        if wanted is None:
            return _listen(0)
        raise PortInUseError(_in_use(wanted, named=port is not None)) from exc


def _in_use(port: int, *, named: bool) -> str:
    holder = describe_holder(port)
    if named:
        return (
            f"Port {port} is in use by {holder}. Stop that program, name another --port, "
            "or leave --port out."
        )

    return (
        f"Port {port}, on which this local cloud was up before, is in use by {holder}. "
        "Stop that program. Or use another port with --port 0, and evaluate "
        "`python -m localcloud env` again in every open shell."
    )


def read_port(path: Path) -> int | None:
    """Return the port of the last start, or None if the file is missing or invalid."""
    try:
        text = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
    is_number = text.isdecimal() and len(text) <= len(str(_LAST_PORT))
    return int(text) if is_number and 0 < int(text) <= _LAST_PORT else None


def write_port(path: Path, port: int) -> None:
    """Store the port for the next start; the file is replaced as a whole."""
    partial = path.with_suffix(".partial")
    partial.write_text(f"{port}\n", encoding="ascii")
    partial.replace(path)


def _listen(port: int) -> socket.socket:
    # Asyncio turns Nagle's algorithm off only for a named protocol. With the algorithm, small
    # answers wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # ^A port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise

    return listener
