"""Arrays are read as numpy wrote them, or refused."""

import io
import zipfile
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from algorithm import arrays


def test_arrays_of_numpy_are_read_unchanged() -> None:
    written: dict[str, NDArray[Any]] = {
        "weights": np.arange(6, dtype=np.float32).reshape(2, 3),
        "turned": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "name": np.array("sha256"),
        "empty": np.zeros((0, 4)),
    }
    for save in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        save(buffer, allow_pickle=False, **written)
        found = arrays.load_arrays(io.BytesIO(buffer.getvalue()), *written)
        for name, array in written.items():
            np.testing.assert_array_equal(array, found[name])
            assert array.dtype == found[name].dtype
            assert found[name].flags.writeable is True


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-1, -1), }",
        "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }",
        "{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }",
        "-" * 9000 + "1",
        "(" * 5000,
        "[" * 90 + "]" * 90,
        "__import__('os').system('true')",
    ],
    ids=[
        "a terabyte",
        "negative",
        "objects",
        "objects in fields",
        "minus",
        "parentheses",
        "nested",
        "call",
    ],
)
def test_array_with_a_false_header_is_refused(header: str) -> None:
    text = header.encode() + b"\n"
    array = b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("weights.npy", array)
    with pytest.raises(arrays.InvalidArraysError, match=r"weights\.npy"):
        arrays.load_arrays(io.BytesIO(buffer.getvalue()), "weights")
