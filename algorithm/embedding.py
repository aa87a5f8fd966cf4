"""Reduce an image's features to a short vector that keeps distances: a random projection.

The expected squared distance of two projections is that of the features; with 64 numbers the
standard deviation is sqrt(2 / 64), 18 % of the squared distance (Johnson and Lindenstrauss, 1984;
Achlioptas, 2003, for the signs).
"""

import functools
import hashlib

import numpy as np
from numpy.typing import NDArray

LENGTH = 64


def embedding(features: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the embedding, of shape (64,), of features of shape (2560,)."""
    return np.asarray(features @ _projection(len(features)), dtype=np.float32)


@functools.cache
def _projection(length: int) -> NDArray[np.float32]:
    """Return signs from a hash: the same on every machine and with every version of numpy."""
    drawn = hashlib.shake_256(b"embedding of 64 numbers").digest(length * LENGTH // 8)
    bits = np.unpackbits(np.frombuffer(drawn, np.uint8)).reshape(length, LENGTH)
    return np.asarray((2.0 * bits - 1) / np.sqrt(LENGTH), dtype=np.float32)
