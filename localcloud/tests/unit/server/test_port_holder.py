"""Name the program that has a port, as far as this user may see it."""

import os
from pathlib import Path

import pytest

from localcloud.server.port_holder import describe_holder

PORT = 4566
HEADER = (
    "  sl  local_address rem_address st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode"
)


def _line(port: int, state: str, user: int) -> str:
    return (
        f"   0: 0100007F:{port:04X} 00000000:0000 {state} 0:0 00:0 0 {user} 0 777 1 0 100 0 0 10 0"
    )


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc with a process 12 that has the socket 777."""
    (tmp_path / "net").mkdir()
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("socket:[777]")
    (tmp_path / "12" / "cmdline").write_bytes(b"node\0server.js\0\x1b[2J\0")
    return tmp_path


def _describe(proc: Path, line: str) -> str:
    (proc / "net" / "tcp").write_text(f"{HEADER}\n{line}\n", encoding="ascii")
    return describe_holder(PORT, proc)


def test_program_that_listens_is_named_with_its_process(proc: Path) -> None:
    assert "'node server.js \\x1b[2J' (process 12)" == _describe(
        proc, _line(PORT, "0A", os.getuid())
    )


@pytest.mark.parametrize("line", [_line(PORT, "01", 0), _line(PORT + 1, "0A", 0)])
def test_connection_and_another_port_are_not_the_listener(line: str, proc: Path) -> None:
    assert "another program" == _describe(proc, line)


def test_program_of_another_user_is_named_by_that_user(proc: Path) -> None:
    (proc / "12" / "fd" / "3").unlink()
    assert f"a program of user {os.getuid() + 1}" == _describe(
        proc, _line(PORT, "0A", os.getuid() + 1)
    )


def test_system_without_proc_names_no_program(tmp_path: Path) -> None:
    assert "another program" == describe_holder(PORT, tmp_path / "missing")
