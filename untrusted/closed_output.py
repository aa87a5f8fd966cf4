"""End quietly when the reader of the output ends first, as in `scones status | head`."""

import os
import select
import signal
import sys
from collections.abc import Callable


def end_quietly(command: Callable[[], int]) -> int:
    """Run a command and return its exit status, or 141 if its output was closed (as after SIGPIPE).

    The signal itself would also end the program when a connection to AWS breaks.

    Raises:
        BrokenPipeError: another pipe than standard output or standard error is broken.
    """
    try:
        try:
            return command()
        finally:
            sys.stdout.flush()  # here, and not when Python ends, where the error cannot be caught
    except BrokenPipeError:
        gone = [
            stream.fileno() for stream in (sys.stdout, sys.stderr) if _is_unread(stream.fileno())
        ]
        if not gone:
            raise
        _discard(gone)
        return 128 + signal.SIGPIPE


def _is_unread(descriptor: int) -> bool:
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _discard(descriptors: list[int]) -> None:
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)
