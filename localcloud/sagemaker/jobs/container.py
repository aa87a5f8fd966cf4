"""Run the process of a training job, which ends with the local cloud and takes its children with
it.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from localcloud.sagemaker.lifeline import with_lifeline

# The niceness: the endpoints get more of the processor.
_NICENESS = 10
_CLOSE_SECONDS = 5.0
# Holds the variables of the job as JSON, for an algorithm that does not pass ours on to a script.
JOB_VARIABLES = "LOCALCLOUD_JOB_VARIABLES"


@dataclass(frozen=True)
class TrainingContainer:
    """A running training algorithm."""

    _process: asyncio.subprocess.Process

    @classmethod
    @asynccontextmanager
    async def start(
        cls, command: Sequence[str | Path], variables: Mapping[str, str]
    ) -> AsyncIterator["TrainingContainer"]:
        """Run a command, with these variables besides ours; at the end of the block its processes
        are gone.
        """
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                *with_lifeline(["nice", "-n", str(_NICENESS), *command]),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
                env={**os.environ, **variables, JOB_VARIABLES: json.dumps(dict(variables))},
                start_new_session=True,
            )
        )
        try:
            await asyncio.wait([starting])
            yield cls(starting.result())
        finally:
            # ^Also when the wait was cancelled: asyncio would lose a process that it is
            # about to start.
            container = cls(await starting)
            container.kill()
            await container._close()

    async def output(self) -> AsyncIterator[list[str]]:
        """Yield the lines of stdout and stderr, all available ones at a time, until the process
        ends.
        """
        assert self._process.stdout
        rest = b""
        while chunk := await self._process.stdout.read(65536):
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                yield [line.decode(errors="replace") for line in lines]

        if rest:
            yield [rest.decode(errors="replace")]

    async def _close(self) -> None:
        """Read the rest of its output, then wait: asyncio closes a transport only after its output
        is read.

        A daemon that left the process group may keep the output open; nobody waits for it.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                async for _ in self.output():
                    pass
                await self.wait()

    async def wait(self) -> int:
        """Return its exit status after its end; the status is negative for a signal."""
        return await self._process.wait()

    def terminate(self) -> None:
        """Ask it to save its model and end."""
        with suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
