"""Run the operating-system process of an execution environment."""

import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from time import monotonic

BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
# A process closes its files a moment before its exit status is available.
EXIT_SECONDS = 1.0


class ProcessExitedError(Exception):
    """The process of the execution environment ended by itself."""


class RuntimeProcess:
    """A process that ends with the local cloud, together with the processes that it started.

    The two hold the ends of a socket pair, the lifeline: each notices when the other one is gone.
    """

    def __init__(
        self, python: Path, arguments: Sequence[str], folder: Path, variables: Mapping[str, str]
    ) -> None:
        """Start ``bootstrap.py`` in ``folder``, with ``variables`` as its whole environment."""
        self._lifeline, other_end = socket.socketpair()
        with other_end:
            self._process = subprocess.Popen(
                # ^-P keeps the folder of bootstrap.py off the function's path.
                [python, "-P", BOOTSTRAP, str(other_end.fileno()), *arguments],
                cwd=folder,
                env=variables,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                pass_fds=[other_end.fileno()],
                start_new_session=True,
            )

        assert self._process.stdout is not None
        self._output = self._process.stdout
        os.set_blocking(self._output.fileno(), False)
        self._output_is_open = True
        self._written = bytearray()

    def wait_for(self, sources: Sequence[socket.socket], deadline: float) -> bool:
        """Wait until one of ``sources`` can be read; return false at ``deadline`` of the monotonic
        clock.

        The output is read in the meantime, so that a full pipe does not stop the process. When a
        source can be read, all earlier output of the process has been read.

        Raises:
            ProcessExitedError: the process is gone, and the sources are empty.
        """
        while ready := wait(
            [*sources, self._lifeline, *self._open_output()], max(0.0, deadline - monotonic())
        ):
            self._read_output()
            if any(source in ready for source in sources):
                return True
            if self._lifeline in ready:
                raise ProcessExitedError
        return False

    def has_exited(self) -> bool:
        """Return whether the process is gone."""
        return bool(wait([self._lifeline], 0))

    def take_output(self) -> str:
        """Return the output to stdout and stderr since the last call."""
        text = self._written.decode(errors="replace")
        self._written.clear()
        return text

    def kill(self) -> None:
        """End the process and the processes that it started; a waiting thread sees it exit."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def end(self, patience: float = 0) -> int:
        """Let the process exit within ``patience`` seconds, or kill it; return its status as
        ``subprocess`` does.
        """
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(patience)
        self.kill()
        status = self._process.wait()
        self._read_output()
        self._output.close()
        self._lifeline.close()

        return status

    def _open_output(self) -> list[int]:
        return [self._output.fileno()] if self._output_is_open else []

    def _read_output(self) -> None:
        with suppress(BlockingIOError):
            while chunk := os.read(self._output.fileno(), 65536):
                self._written += chunk
            self._output_is_open = False
