"""The port: loopback only, the one asked for or none, another one instead of the default."""

import socket

import pytest

from local.server import listener
from local.server.listener import PortInUseError, open_listener


def _port(opened: socket.socket) -> int:
    return int(opened.getsockname()[1])


def test_listener_is_on_loopback_only() -> None:
    with open_listener(0) as opened:
        assert "127.0.0.1" == opened.getsockname()[0]


def test_listener_accepts_before_anything_serves() -> None:
    with open_listener(0) as opened, socket.create_connection(("127.0.0.1", _port(opened)), timeout=5) as client:
        assert _port(opened) == client.getpeername()[1]


def test_listener_on_a_taken_port_says_what_to_do() -> None:
    with open_listener(0) as other, pytest.raises(PortInUseError, match=rf"Port {_port(other)} is in use\. Stop"):
        open_listener(_port(other))


def test_listener_takes_another_port_where_the_default_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_listener(0) as other:
        monkeypatch.setattr(listener, "DEFAULT_PORT", _port(other))
        with open_listener(None) as opened:
            assert _port(other) != _port(opened)


def test_listener_takes_the_default_port_where_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_listener(0) as other:
        free = _port(other)
    monkeypatch.setattr(listener, "DEFAULT_PORT", free)
    with open_listener(None) as opened:
        assert free == _port(opened)
