"""Prepare the images of a source as the service prepares those it is given, in several processes."""

import hashlib
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import batched
from pathlib import Path

from functions.serialize_image.image_preparation import (
    CorruptImageError,
    EmptyImageError,
    ImageTooLargeError,
    UnsupportedImageFormatError,
    prepare_image,
)
from training.dataset.source import LabelledImage
from training.project.errors import TrainingError
from untrusted.console import Console, track

_READERS = 8  # threads that read; from S3 each read waits some ten milliseconds
_BATCH = 8  # images that go to a process at once: less and the way there costs more than small images themselves
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
_UNREADABLE = (EmptyImageError, UnsupportedImageFormatError, CorruptImageError, ImageTooLargeError)


class PreparationStoppedError(TrainingError):
    """A process that prepares images was ended from outside; if memory is short, try fewer --workers."""


@dataclass(frozen=True)
class PreparedImage:
    """An image as the model gets it: digest (SHA-256) and bytes of the file, which is called `<digest>.<suffix>`."""

    path: str  # in the source
    label: str
    split: str
    digest: str
    suffix: str
    size: int


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be prepared, and why: the error's class name and message."""

    path: str
    error: str
    cause: str


def prepare_all(
    images: Sequence[LabelledImage], folder: Path, workers: int, console: Console
) -> tuple[list[PreparedImage], list[Unreadable]]:
    """Read and prepare the images, and keep what comes out as files in a folder; both results in the images' order.

    Raises:
        PreparationStoppedError: a process was killed. OSError: the folder cannot be written.
    """
    with ending(_processes(workers)) as processes, ending(ThreadPoolExecutor(_READERS)) as readers:

        def prepare(batch: Sequence[LabelledImage]) -> list[PreparedImage | Unreadable]:
            return processes.submit(
                _prepare_batch, [_read(image) for image in batch], folder
            ).result()

        batches = readers.map(prepare, batched(images, _BATCH, strict=False))
        results = (result for batch in batches for result in batch)
        try:
            done = list(track(console, "Preparing images", results, total=len(images)))
        except BrokenProcessPool as exc:
            raise PreparationStoppedError from exc
    prepared = [result for result in done if isinstance(result, PreparedImage)]
    return prepared, [result for result in done if isinstance(result, Unreadable)]


@contextmanager
def ending(executor: Executor) -> Iterator[Executor]:
    """End an executor with the block; after an error or Ctrl-C, what it has not begun is not begun any more."""
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _processes(workers: int) -> Executor:
    """Processes, since `prepare_image` is not for several threads; for one worker a thread is enough.

    They are spawned: a fork would copy the locks that the readers hold.
    """
    if workers == 1:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent
    )


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(image: LabelledImage) -> LabelledImage | Unreadable:
    """Return the image with its file in memory, so that it can go to another process."""
    try:
        return replace(image, read=partial(bytes, image.read()))
    except (OSError, ImageTooLargeError) as exc:
        return Unreadable(image.path, type(exc).__name__, str(exc))


def _prepare_batch(
    batch: Sequence[LabelledImage | Unreadable], folder: Path
) -> list[PreparedImage | Unreadable]:
    return [
        _prepare(image, folder) if isinstance(image, LabelledImage) else image for image in batch
    ]


def _prepare(image: LabelledImage, folder: Path) -> PreparedImage | Unreadable:
    try:
        prepared = prepare_image(image.read())
    except _UNREADABLE as exc:
        return Unreadable(image.path, type(exc).__name__, str(exc))
    digest, suffix = hashlib.sha256(prepared.data).hexdigest(), _SUFFIXES[prepared.content_type]
    (folder / f"{digest}.{suffix}").write_bytes(prepared.data)
    return PreparedImage(image.path, image.label, image.split, digest, suffix, len(prepared.data))
