"""Serve the review page on loopback, until Ctrl-C."""

import contextlib
import secrets
import socket
from collections.abc import Callable

import uvicorn

from cli.errors import CommandError
from review.overview.routes import Overview, OverviewSource
from review.sources import PictureSource, Queue
from review.web import Opinions, Review, application

HOST = "127.0.0.1"


class PortInUseError(CommandError):
    """Something else listens on this port: name another with --port, or 0 for any free one."""


def serve(
    queue: Queue,
    pictures: PictureSource,
    reviewer: str,
    port: int,
    started: Callable[[str], object],
    *,
    opinions: Opinions,
    overview: OverviewSource | None = None,
) -> None:
    """Serve the page on a port of 127.0.0.1 (0: a free one) until the process is interrupted.

    Args:
        reviewer: The name that answers are stored under.
        started: Called with the address to open, once the page can be opened.
        opinions: Which answers ask another reviewer, beside those about audits.
        overview: What the overview shows; None serves no overview.

    Raises:
        PortInUseError: Another program listens on the port.
    """
    with contextlib.closing(_listen(port)) as listener:
        host = f"{HOST}:{listener.getsockname()[1]}"
        token = secrets.token_urlsafe(24)
        shown = Overview(overview) if overview else None
        review = Review(queue, pictures, reviewer, host, token, opinions, shown)
        config = uvicorn.Config(
            application(review), log_level="warning", lifespan="off", server_header=False
        )
        started(review.address)
        _Server(config, shown).run(sockets=[listener])


class _Server(uvicorn.Server):
    """A server whose end also ends the streams of the overview, which it would wait for."""

    def __init__(self, config: uvicorn.Config, overview: Overview | None) -> None:
        super().__init__(config)
        self._overview = overview

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then the server."""
        if self._overview:
            self._overview.leaving.set()
        await super().shutdown(sockets)


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as exc:
        listener.close()
        raise PortInUseError(f"Port {port}: {PortInUseError.__doc__}") from exc
    return listener
