"""Find the program that listens on a port, as far as Linux shows it to this user."""

import os
from collections.abc import Iterator
from pathlib import Path

_PROC = Path("/proc")
# Columns and the state LISTEN of /proc/net/tcp: proc(5).
_LOCAL_ADDRESS = 1
_STATE = 3
_USER = 7
_INODE = 9
_LISTEN = "0A"
_MOST_SHOWN = 80


def describe_holder(port: int, proc: Path = _PROC) -> str:
    """Return the command and process id of the program that listens on ``port``, if known."""
    listening = dict(_listeners(port, proc))
    for process in proc.glob("[0-9]*"):
        if listening.keys() & set(_sockets(process)):
            return f"{_command(process)} (process {process.name})"

    others = sorted(user for user in set(listening.values()) if user != str(os.getuid()))
    return f"a program of user {', '.join(others)}" if others else "another program"


def _listeners(port: int, proc: Path) -> Iterator[tuple[str, str]]:
    """Yield the socket and the user id of every listener on a port."""
    for table in ("tcp", "tcp6"):
        try:
            lines = (proc / "net" / table).read_text(encoding="ascii").splitlines()[1:]
        except OSError:
            continue
        for columns in map(str.split, lines):
            if (
                columns[_STATE] == _LISTEN
                and int(columns[_LOCAL_ADDRESS].rpartition(":")[2], 16) == port
            ):
                yield f"socket:[{columns[_INODE]}]", columns[_USER]


def _sockets(process: Path) -> Iterator[str]:
    try:
        for descriptor in (process / "fd").iterdir():
            yield str(descriptor.readlink())
    except OSError:  # it has ended, or belongs to another user
        return


def _command(process: Path) -> str:
    try:
        words = (process / "cmdline").read_bytes().split(b"\0")
    except OSError:
        words = []
    text = " ".join(word.decode("utf-8", "replace") for word in words if word)
    return ascii(text[:_MOST_SHOWN]) if text else "a program"
