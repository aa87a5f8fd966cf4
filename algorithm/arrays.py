"""Read arrays from an untrusted .npz file: np.load() allocates the size that a file claims."""

import math
from collections.abc import Mapping
from tokenize import TokenError
from typing import IO, Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from untrusted.archive import ArchivedFile, Limits, UnsafeArchiveError
from untrusted.zip import zip_files

type Arrays = Mapping[str, NDArray[Any]]

# The largest file holds the features of a checkpoint: 10 KB an image, so about 200,000 images
# and views.
LIMITS = Limits(members=100, unpacked_bytes=1 << 31)


class InvalidArraysError(Exception):
    """The file is not one that np.savez() wrote, or lacks an array."""


def load_arrays(file: IO[bytes], *names: str) -> Arrays:
    """Return the named arrays of an .npz file.

    Raises:
        InvalidArraysError: the file is damaged or too large, has Python objects, or lacks an array.
    """
    wanted = {f"{name}.npy": name for name in names}
    try:
        found = {
            wanted[str(one.path)]: _array(one)
            for one in zip_files(file, LIMITS)
            if str(one.path) in wanted
        }
    except UnsafeArchiveError as error:
        raise InvalidArraysError(str(error)) from error
    for name in names:
        if name not in found:
            raise InvalidArraysError(f"{name} is not a file in the archive")
    return found


def _array(file: ArchivedFile) -> NDArray[Any]:
    """Return an array in the format .npy 1.0, which np.save() writes for headers up to 64 KiB."""
    try:
        if npy.read_magic(file) != (1, 0):
            raise InvalidArraysError(f"{file.path} is not of version 1.0 of its format")
        shape, is_fortran, dtype = npy.read_array_header_1_0(file)
    except (
        ValueError,
        TokenError,
        RecursionError,
        MemoryError,
    ) as error:  # the header is a Python literal
        raise InvalidArraysError(f"{file.path}: {error}") from error
    if dtype.hasobject:
        raise InvalidArraysError(
            f"{file.path} holds Python objects, which are not read (allow_pickle)"
        )
    data = bytearray()
    for piece in file.pieces():
        data += piece
    if min(shape, default=0) < 0 or len(data) != math.prod(shape) * dtype.itemsize:
        raise InvalidArraysError(
            f"{file.path} has {len(data):,} bytes, which is not an array of shape {shape}"
        )
    flat = np.frombuffer(data, dtype)
    return flat.reshape(shape[::-1]).transpose() if is_fortran else flat.reshape(shape)
