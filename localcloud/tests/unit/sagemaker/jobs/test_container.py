"""Run the process of a training job."""

import asyncio
import gc
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from localcloud.sagemaker.jobs.container import TrainingContainer

# A local cloud starts an algorithm, which starts a process, and is killed.
KILLED = """
import asyncio, os, pathlib, signal, sys
from localcloud.sagemaker.jobs.container import TrainingContainer

async def train(pids):
    async with TrainingContainer.start(["sh", "-c", f"sleep 60 & echo $$ $! >{pids}; wait"], {}):
        while not pathlib.Path(pids).exists() or not pathlib.Path(pids).read_text():
            await asyncio.sleep(0.01)
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(train(sys.argv[1]))
"""


def is_running(pid: str) -> bool:
    """Return whether a process runs; a zombie process (state Z) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_algorithm_and_what_it_started_end_when_the_local_cloud_is_killed(tmp_path: Path) -> None:
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path / "pids"], check=False)
    pids = (tmp_path / "pids").read_text().split()

    deadline = time.monotonic() + 10
    while any(map(is_running, pids)):
        assert time.monotonic() < deadline, f"{pids} still run"
        time.sleep(0.01)
    assert -signal.SIGKILL == killed.returncode


def test_algorithm_has_a_lower_priority_than_the_endpoints() -> None:
    async def niceness() -> list[str]:
        async with TrainingContainer.start(["nice"], {}) as container:
            return [line async for lines in container.output() for line in lines]

    assert [str(min(19, os.nice(0) + 10))] == asyncio.run(niceness())


def test_output_without_a_line_break_at_its_end_is_kept() -> None:
    async def said() -> list[str]:
        async with TrainingContainer.start(["printf", "one\\ntwo"], {}) as container:
            return [line async for lines in container.output() for line in lines]

    assert ["one", "two"] == asyncio.run(said())


@pytest.mark.parametrize("after", ["", "; sleep 60"], ids=["it ended", "it is killed"])
def test_end_of_the_block_closes_every_transport_when_nobody_reads_the_output(
    after: str, tmp_path: Path
) -> None:
    wrote = tmp_path / "wrote"
    # ^More than asyncio's buffer, less than this buffer and the pipe.
    script = f"head -c 150000 /dev/zero; touch {wrote}{after}"

    async def leave() -> None:
        async with TrainingContainer.start(["sh", "-c", script], {}):
            while not wrote.exists():
                await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(leave(), 4))
    gc.collect()  # an open transport is a ResourceWarning, and so an error
