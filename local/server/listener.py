"""The port of the local cloud, taken before anything else starts so that nobody else can take it meanwhile."""

import errno
import socket

HOST = "127.0.0.1"
DEFAULT_PORT = 4566
_BACKLOG = 1024


class PortInUseError(Exception):
    """Another program listens on the port: stop it, name another --port, or leave --port out for a free one."""


class PortNotAllowedError(Exception):
    """The port is kept for the system: name a --port from 1024 to 65535."""


def open_listener(port: int | None) -> socket.socket:
    """Listen on a loopback port: on ``port`` (0 is any free one), else on the default one, else on any free one.

    Clients may connect from now on; they are answered as soon as the server runs.

    Raises:
        PortInUseError: ``port`` is taken.
        PortNotAllowedError: ``port`` is not for this user.
    """
    try:
        return _listen(DEFAULT_PORT if port is None else port)
    except OSError as exc:
        if exc.errno == errno.EACCES:
            raise PortNotAllowedError(f"Port {port} is kept for the system; name a --port from 1024 to 65535.") from exc
        if exc.errno != errno.EADDRINUSE:
            raise
        if port is not None:
            raise PortInUseError(
                f"Port {port} is in use. Stop the program that listens on it, name another --port, or leave --port out."
            ) from exc
        return _listen(0)


def _listen(port: int) -> socket.socket:
    # Asyncio turns Nagle's algorithm off only where the protocol is named; with it, small answers wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        # A port whose last connections are still closing counts as free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
