"""Listen on a loopback port: the requested one, the last one, the default one or a free one."""

import os
import socket
from pathlib import Path

import pytest

from localcloud.server import listener
from localcloud.server.listener import PortInUseError, open_listener, read_port, write_port


def _port(opened: socket.socket) -> int:
    return int(opened.getsockname()[1])


def test_listener_is_on_loopback_only() -> None:
    with open_listener(0) as opened:
        assert "127.0.0.1" == opened.getsockname()[0]


def test_listener_accepts_before_anything_serves() -> None:
    with (
        open_listener(0) as opened,
        socket.create_connection(("127.0.0.1", _port(opened)), timeout=5) as client,
    ):
        assert _port(opened) == client.getpeername()[1]


def test_listener_on_a_taken_port_says_what_to_do() -> None:
    with (
        open_listener(0) as other,
        pytest.raises(PortInUseError, match=rf"Port {_port(other)} is in use by .*\. Stop"),
    ):
        open_listener(_port(other))


def test_listener_takes_another_port_if_the_default_is_in_use(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with open_listener(0) as other:
        monkeypatch.setattr(listener, "DEFAULT_PORT", _port(other))
        with open_listener(None) as opened:
            assert _port(other) != _port(opened)


def test_listener_takes_the_default_port_if_it_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    with open_listener(0) as other:
        free = _port(other)
    monkeypatch.setattr(listener, "DEFAULT_PORT", free)
    with open_listener(None) as opened:
        assert free == _port(opened)


def test_listener_takes_the_port_used_before() -> None:
    with open_listener(0) as other:
        free = _port(other)
    with open_listener(None, free) as opened:
        assert free == _port(opened)


def test_listener_on_a_named_port_ignores_the_last_port() -> None:
    with open_listener(0) as other, open_listener(0, _port(other)) as opened:
        assert _port(other) != _port(opened)


def test_last_port_in_use_is_refused_with_its_program() -> None:
    with open_listener(0) as other, pytest.raises(PortInUseError) as refused:
        open_listener(None, _port(other))
    message = str(refused.value)
    assert ", on which this local cloud was up before, is in use by '" in message
    assert f"(process {os.getpid()})" in message
    assert "--port 0" in message


def test_port_is_read_as_it_was_written(tmp_path: Path) -> None:
    write_port(tmp_path / "port", 4567)
    assert 4567 == read_port(tmp_path / "port")


@pytest.mark.parametrize(
    "content", [b"", b"0", b"65536", b"-1", b"http", b"4567 or so", b"\xff", b"9" * 5000]
)
def test_invalid_port_file_counts_as_missing(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "port").write_bytes(content)
    assert read_port(tmp_path / "port") is None
    assert read_port(tmp_path / "missing") is None
