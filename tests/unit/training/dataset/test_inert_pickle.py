"""Pickles from elsewhere run nothing."""

import collections
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from training.dataset.inert_pickle import InertArray, UnsafePickleError, load_inert

# The published archives use protocol 2 of Python 2, where a string has no encoding.
PYTHON_2 = (
    b"\x80\x02}q\x00U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\n"
    b"q\x02cnumpy\nndarray\nq\x03K\x00\x85U\x01b\x87R"
    b"(K\x01K\x01K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R"
    b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    b"\x89U\x03abctbs."
)


class Malicious:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.path),)


def test_an_array_of_todays_numpy_is_read_without_numpy() -> None:
    array = load_inert(
        pickle.dumps({b"data": np.arange(6, dtype=np.uint8).reshape(2, 3)}, protocol=4)
    )[b"data"]
    assert InertArray is type(array)
    assert (2, 3) == array.shape
    assert bytes(range(6)) == array.data


def test_an_array_of_python_2_is_read() -> None:
    assert b"abc" == load_inert(PYTHON_2)[b"data"].data


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_runs_nothing(tmp_path: Path, protocol: int) -> None:
    with pytest.raises(UnsafePickleError, match=r"asks for \w+\.mkdir"):
        load_inert(pickle.dumps(Malicious(tmp_path / "made"), protocol=protocol))
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize(
    "name", [b"numpy\nfromfile", b"numpy.f2py\ncompile", b"builtins\neval", b"numpyx\nndarray"]
)
def test_a_function_that_no_array_needs_is_refused_by_name(name: bytes) -> None:
    with pytest.raises(UnsafePickleError, match=name.replace(b"\n", b".").decode()):
        load_inert(b"\x80\x02c" + name + b"\n.")


def test_even_a_harmless_class_of_another_module_is_refused() -> None:
    with pytest.raises(UnsafePickleError, match=r"collections\.OrderedDict"):
        load_inert(pickle.dumps(collections.OrderedDict()))


def test_damaged_bytes_are_an_error() -> None:
    with pytest.raises(UnsafePickleError, match="not a valid pickle"):
        load_inert(b"not a pickle")
