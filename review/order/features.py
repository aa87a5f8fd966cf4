"""Compute what the choice of images needs: features of the backbone, and a perceptual hash.

A process of its own decodes the images, as training and serving do. So the review page stays
quick, and an image that crashes a decoder does not end the page.
"""

import importlib.util
import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from cli.errors import CommandError
from review.order.selection import hash_number

FEATURES = 2_560  # of the backbone
NICE = 5  # of the process: the page and the browser come first; with 19 a busy machine starves it


class FeaturesUnavailableError(CommandError):
    """onnxruntime is not installed, so the page cannot compare images. Run `make tools` again."""


@dataclass(frozen=True)
class Traits:
    """Features (2560,) of an image, as 16-bit floats, and the number of its perceptual hash."""

    features: NDArray[np.float16]
    image_hash: np.uint64


class FeatureProcess:
    """A process that computes the traits of images. One thread may use it."""

    def __init__(self) -> None:
        """Prepare the process, which starts with its first images.

        Raises:
            FeaturesUnavailableError: onnxruntime is missing.
        """
        if importlib.util.find_spec("onnxruntime") is None:
            raise FeaturesUnavailableError
        self._process = _process()

    def traits(self, images: Sequence[bytes]) -> list[Traits | None]:
        """Return the traits of each image, None for an image that cannot be decoded."""
        try:
            return self._process.submit(_traits_of_all, list(images)).result()
        except BrokenProcessPool:
            self._process = _process()
            if len(images) == 1:
                return [None]
            return [traits for image in images for traits in self.traits([image])]

    def close(self) -> None:
        """End the process."""
        self._process.shutdown(wait=False, cancel_futures=True)


def _process() -> ProcessPoolExecutor:
    return ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), _begin)


def _begin() -> None:
    """Leave Ctrl-C to the page's process, and the processor to the page; end when it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Wait for the end of the page's process, which may be killed."""
    if (parent := multiprocessing.parent_process()) is not None:
        parent.join()
        os._exit(0)


def _traits_of_all(images: Sequence[bytes]) -> list[Traits | None]:
    return [_traits(image) for image in images]


def _traits(image: bytes) -> Traits | None:
    # These imports load Pillow and onnxruntime, which the page's process does not need.
    from algorithm.backbone import load_backbone
    from functions.serialize_image.image_preparation import prepare_image
    from functions.serialize_image.prepared_image import IMAGE_ERRORS

    try:
        prepared = prepare_image(image)
    except IMAGE_ERRORS:
        return None
    features = load_backbone().features(prepared.data).astype(np.float16)
    return Traits(features, hash_number(prepared.image_hash))
