"""Prepare the images of a source in several processes, exactly as the service prepares an image."""

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
from training.dataset.source import LabelledImage, Reason
from training.project.errors import TrainingError
from untrusted.console import Console, track

_READERS = 8  # threads that read; a read from S3 waits about ten milliseconds
_BATCH = 8  # images sent to a process at once; the transport of fewer costs more than their work
_SUFFIXES = {"image/png": "png", "image/jpeg": "jpg"}
_UNREADABLE = (EmptyImageError, UnsupportedImageFormatError, CorruptImageError, ImageTooLargeError)


class PreparationStoppedError(TrainingError):
    """Try fewer --workers if memory is short: another program ended a process."""


@dataclass(frozen=True)
class PreparedImage:
    """An image as the model gets it. Digest (SHA-256) and suffix name its file."""

    path: str  # in the source
    label: str
    split: str
    digest: str
    suffix: str
    size: int
    image_hash: str = ""  # of its motif, 16 hexadecimal digits
    reason: Reason = Reason.SOURCE  # why it has a label
    group: str = ""  # all images of a group are in one split


@dataclass(frozen=True)
class Unreadable:
    """An image that could not be prepared, with the error's class name and message."""

    path: str
    error: str
    cause: str


def prepare_all(
    images: Sequence[LabelledImage], folder: Path, workers: int, console: Console
) -> tuple[list[PreparedImage], list[Unreadable]]:
    """Read and prepare the images, and write the prepared images to a folder.

    Both results are in the order of the images.

    Raises:
        PreparationStoppedError: Another program ended a process.
        OSError: The folder is not writable.
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
    """Shut down an executor at the end of the block, and cancel its pending work."""
    try:
        yield executor
    finally:
        executor.shutdown(cancel_futures=True)


def _processes(workers: int) -> Executor:
    """Return worker processes, because `prepare_image` is not thread-safe; one worker is a thread.

    The processes are spawned: a fork would copy the locks that the readers hold.
    """
    if workers == 1:
        return ThreadPoolExecutor(1)
    return ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), _leave_interrupts_to_the_parent
    )


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _read(image: LabelledImage) -> LabelledImage | Unreadable:
    """Return the image with its bytes in memory, so that it can be sent to another process."""
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
    digest = hashlib.sha256(prepared.data).hexdigest()
    suffix = _SUFFIXES[prepared.content_type]
    (folder / f"{digest}.{suffix}").write_bytes(prepared.data)
    return PreparedImage(
        image.path,
        image.label,
        image.split,
        digest,
        suffix,
        len(prepared.data),
        prepared.image_hash,
        image.reason,
        image.group,
    )
