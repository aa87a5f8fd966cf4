"""Read a pickle of plain values and numpy arrays without running any code that it names.

A pickle names functions and makes the reader call them, so an untrusted pickle can run any program.
This reader accepts only the three names that a numpy array needs. It replaces them by classes of
this module that only store their arguments. It does not use numpy itself.
"""

import io
import pickle
from dataclasses import dataclass
from typing import Any

_NAMES = {"_reconstruct", "ndarray", "dtype"}


class UnsafePickleError(Exception):
    """The pickle needs more than plain values and numpy arrays."""


@dataclass(init=False)
class InertArray:
    """Shape of a pickled numpy array, and the bytes of its elements in row order."""

    shape: tuple[int, ...] = ()
    data: bytes = b""

    def __init__(self, *_: object) -> None:
        """Ignore the arguments: a pickle creates an empty array and sets its state afterwards."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Store shape and bytes of (version, shape, dtype, is in column order, bytes)."""
        _, self.shape, _, _, self.data = state


class _InertType:
    def __init__(self, *_: object) -> None:
        """Ignore the type: the caller knows the type of the array."""

    def __setstate__(self, _: object) -> None:
        """Ignore the byte order and the other members of a type's state."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Return a class that stores or ignores its arguments, never the class that is named."""
        if module.partition(".")[0] != "numpy" or name not in _NAMES:
            raise UnsafePickleError(
                f"It asks for {module}.{name}, which a data set of numpy arrays does not need."
            )
        return _InertType if name == "dtype" else InertArray


def load_inert(data: bytes) -> Any:
    """Read a pickle. Python 2 text becomes bytes, an array becomes an InertArray.

    Raises:
        UnsafePickleError: The pickle names another function or class, or is damaged.
    """
    try:
        return _Reader(io.BytesIO(data), encoding="bytes").load()
    except UnsafePickleError:
        raise
    except Exception as exc:  # boundary: damaged bytes make the reader raise almost any exception
        raise UnsafePickleError(f"It is not a valid pickle ({exc}).") from exc
