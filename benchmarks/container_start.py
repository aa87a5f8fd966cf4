"""Measure the start of the container that serves a model of transfer-learning.

    python -m benchmarks.container_start [ROUNDS]

A serverless endpoint starts its container at the first request after a pause. Each round starts a
new container on a new copy of the model, as a cold start does: AWS's toolkit installs the script,
the script unpacks its packages, and the model is loaded. AWS's own part is not measured: it
finds a machine, pulls the image, and downloads and unpacks the model.tar.gz.
"""

import asyncio
import os
import sys
import tempfile
import time
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from shutil import copytree
from statistics import median

from benchmarks.endpoint_servers import cpu_seconds, descendants, make_model, megabytes
from functions.serialize_image.image_preparation import prepare_image
from localcloud.api.protocol import Answer
from localcloud.sagemaker.algorithms import Invoke
from localcloud.sagemaker.scikit_learn.algorithm import scikit_learn
from localcloud.server.settings import data_folder
from training.jobs.source_archive import pack
from training.models.containers import CODE, container
from untrusted.archive import MODEL, unpack_files
from untrusted.tar import tar_gz_files
from untrusted.terminal import say

ROUNDS = 5
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
PHOTO = Path("examples/photos/test/truck/truck-000.webp")
HEADERS = {"content-type": "application/x-image", "accept": "application/json"}
OK = 200


class NoAnswerError(Exception):
    """The container did not answer the first request."""


@dataclass(frozen=True)
class Start:
    """Seconds until the container answers /ping and until its first answer, and what it uses."""

    ready: float
    answered: float
    cpu_seconds: float
    megabytes: float


def make_container_model(folder: Path) -> Path:
    """Make a model as a job writes it: with its code, which brings its packages."""
    model = make_model(folder)
    unpack_files(tar_gz_files(BytesIO(pack().content), MODEL), model / CODE)
    return model


async def ask(invoke: Invoke, image: bytes) -> Answer:
    """Send an image to a container."""
    return await invoke(HEADERS, image)


def start(model: Path, image: bytes) -> Start:
    """Start a container on a model that no container has started on, and ask it once.

    Raises:
        NoAnswerError: The answer is not 200.
    """
    before = set(descendants(os.getpid()))
    variables = container(IMAGE, "", None)["Environment"]
    begun = time.perf_counter()
    invoke = scikit_learn(data_folder()).serve(model, variables)
    ready = time.perf_counter() - begun
    answer = asyncio.run(ask(invoke, image))
    if answer.status != OK:
        raise NoAnswerError(f"{answer.status}: {answer.body!r}")
    answered = time.perf_counter() - begun
    used = set(descendants(os.getpid())) - before
    return Start(ready, answered, cpu_seconds(used), megabytes(used))


def measure(rounds: int) -> list[Start]:
    """Return the figures of several cold starts."""
    image = prepare_image(PHOTO.read_bytes()).data
    with tempfile.TemporaryDirectory() as folder:
        model = make_container_model(Path(folder, "model"))
        return [
            start(Path(copytree(model, Path(folder, f"round-{number}"))), image)
            for number in range(rounds)
        ]


def main() -> None:
    """Measure, and print medians with the range of the rounds."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    starts = measure(rounds)
    say(f"cold start of the container, medians of {rounds} (smallest to largest)")
    for words, unit, values in (
        ("ready after", "s", [one.ready for one in starts]),
        ("first answer after", "s", [one.answered for one in starts]),
        ("CPU time", "s", [one.cpu_seconds for one in starts]),
        ("memory of its processes", "MB", [one.megabytes for one in starts]),
    ):
        spread = f"({min(values):.1f} to {max(values):.1f})"
        say(f"  {words:24} {median(values):6.1f} {unit} {spread}")


if __name__ == "__main__":
    main()
