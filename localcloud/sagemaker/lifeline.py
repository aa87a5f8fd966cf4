"""Start the process of a container so that it ends with the local cloud, with its children."""

from collections.abc import Sequence
from pathlib import Path

# Standard input is the lifeline: only the local cloud holds its other end. The kernel closes it
# even when the cloud is killed, and the shell in the background then ends the whole process group.
# `exec` replaces the shell by the command, so that the command gets the signals.
_LAUNCH = """
exec 3<&0 </dev/null
{ read -r _ <&3; kill -s KILL 0; } >/dev/null 2>&1 &
exec "$@" 3<&-
"""


def with_lifeline(command: Sequence[str | Path]) -> list[str | Path]:
    """Return a command that ends when its standard input is closed.

    Run it as the leader of a process group (`start_new_session`), with a pipe as standard input.
    """
    return ["sh", "-c", _LAUNCH, "sh", *command]
