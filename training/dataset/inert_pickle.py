"""Read a pickle of plain values and numpy arrays without running anything that it asks for.

A pickle names functions and lets the reader call them, so one from elsewhere can run any program. Here every name but
the three that a numpy array needs is refused, and those three stand for classes of this module that only keep what they
are given. numpy itself is not used.
"""

import io
import pickle
from dataclasses import dataclass
from typing import Any

_NAMES = {"_reconstruct", "ndarray", "dtype"}


class UnsafePickleError(Exception):
    """The pickle asks for something else than plain values and numpy arrays."""


@dataclass(init=False)
class InertArray:
    """What a pickle says of a numpy array: its shape, and the bytes of its elements in row order."""

    shape: tuple[int, ...] = ()
    data: bytes = b""

    def __init__(self, *_: object) -> None:
        """Ignore what an empty array is made from; the state follows."""

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        """Keep shape and bytes of (version, shape, dtype, whether in column order, bytes)."""
        _, self.shape, _, _, self.data = state


class _InertType:
    def __init__(self, *_: object) -> None:
        """Ignore which type it is: an array's user knows."""

    def __setstate__(self, _: object) -> None:
        """Ignore byte order and the like."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """Answer with a class that keeps or ignores, never with the one that is named."""
        if module.partition(".")[0] != "numpy" or name not in _NAMES:
            raise UnsafePickleError(
                f"It asks for {module}.{name}, which no data set of numpy arrays needs."
            )
        return _InertType if name == "dtype" else InertArray


def load_inert(data: bytes) -> Any:
    """Read a pickle; text of Python 2 comes as bytes, an array as InertArray.

    Raises:
        UnsafePickleError: it asks for anything else, or is no pickle.
    """
    try:
        return _Reader(io.BytesIO(data), encoding="bytes").load()
    except UnsafePickleError:
        raise
    except Exception as exc:  # a border: damaged bytes make the reader raise nearly anything
        raise UnsafePickleError(f"It is no sound pickle ({exc}).") from exc
