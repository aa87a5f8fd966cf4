"""Compute the features of a job's images.

This is most of a job's work, so it happens once for each view, on all cores.
"""

import hashlib
import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from algorithm.augmentation import View
from algorithm.backbone import FEATURES, cores, load_backbone
from algorithm.checkpoint import load_arrays, save_arrays
from algorithm.dataset import LabelledImage
from algorithm.errors import AlgorithmError
from algorithm.pixels import CentreCrop, ImageTooSmallError, UndecodableImageError, squeezed

SECONDS_BETWEEN_LINES = 3.0  # of the log

Features = NDArray[np.float32]

logger = logging.getLogger(__name__)


class StoppedError(AlgorithmError):
    """The job was stopped before there was a model."""


class FeatureStore:
    """Features by the sha256 of their image or view, stored for the next attempt at the job."""

    def __init__(self, file: Path | None = None) -> None:
        """Load the file, if it exists and belongs to the same backbone."""
        self._file = file
        self._features: dict[bytes, Features] = {}
        kept = load_arrays(file, "backbone", "digests", "features") if file else {}
        if kept and kept["backbone"] == load_backbone().sha256:
            self._features = {
                bytes(digest): row
                for digest, row in zip(kept["digests"], kept["features"], strict=True)
            }
            logger.info("The checkpoint has the features of %d images", len(self._features))

    def of_channel(
        self,
        channel: str,
        images: Sequence[LabelledImage],
        stop: Event,
        view: View | CentreCrop | None = None,
    ) -> Features:
        """Return features (images, 2560) of a view of each image of a channel, in their order.

        Without a view, the whole image is scaled to a square.

        Raises:
            UndecodableImageError: an image is not a readable JPEG or PNG file.
            ImageTooSmallError: an image is smaller than the crop; the message names it.
            StoppedError: `stop` was set.
        """
        result = np.empty((len(images), FEATURES), np.float32)
        known, begun = len(self._features), time.monotonic()
        told = begun
        futures = [cores().submit(self._of_image, image, view) for image in images]
        try:
            for done, future in enumerate(futures, start=1):
                digest, result[done - 1] = future.result()
                self._features[digest] = result[done - 1]
                now = time.monotonic()
                if stop.is_set():
                    raise StoppedError(
                        f"{done} of the {len(images)} images of {channel} had been read"
                    )
                if now - told > SECONDS_BETWEEN_LINES or done == len(images):
                    told, speed = now, done / (now - begun)
                    logger.info(
                        "Features of %d of %d images of %s, %.0f samples/sec",
                        done,
                        len(images),
                        channel,
                        speed,
                    )
        finally:
            cancel(futures)
            if self._file and len(self._features) > known:
                self._save(self._file)
        return result

    def _of_image(
        self, image: LabelledImage, view: View | CentreCrop | None
    ) -> tuple[bytes, Features]:
        content = image.read()
        digest = hashlib.sha256(content).digest()
        key = hashlib.sha256(digest + repr(view).encode()).digest() if view else digest
        if key in self._features:
            return key, self._features[key]
        try:
            seen = (lambda picture: view.of(picture, digest)) if view else squeezed
            return key, load_backbone().features(content, seen)
        except (ImageTooSmallError, UndecodableImageError) as error:
            raise type(error)(f"{image.name}: {error.detail}".removesuffix(": ")) from error

    def _save(self, file: Path) -> None:
        digests = np.frombuffer(b"".join(self._features), np.uint8).reshape(
            -1, hashlib.sha256().digest_size
        )
        backbone = np.array(load_backbone().sha256)
        save_arrays(
            file,
            {
                "backbone": backbone,
                "digests": digests,
                "features": np.stack([*self._features.values()]),
            },
        )


def cancel(futures: Sequence[Future[tuple[bytes, Features]]]) -> None:
    """Cancel the calls that have not begun."""
    for future in futures:
        future.cancel()
