"""Patching MiniStack fails where MiniStack differs from the version that the patch was written for."""

from types import ModuleType

import pytest

from localcloud.ministack.patch import PatchMismatchError, wrap


def _module() -> ModuleType:
    module = ModuleType("neighbour")

    def double(number: int) -> int:
        return 2 * number

    module.__dict__["double"] = double
    return module


def test_wrap_known_function_runs_around_it() -> None:
    module = _module()
    wrap(module, "double", "number", lambda original, number: original(number) + 1)
    assert 7 == module.double(3)


def test_wrap_twice_runs_the_last_around_the_first() -> None:
    module = _module()
    wrap(module, "double", "number", lambda original, number: original(number) + 1)
    wrap(module, "double", "number", lambda original, number: 10 * original(number))
    assert 70 == module.double(3)


def test_wrap_missing_function_names_it() -> None:
    with pytest.raises(PatchMismatchError, match=r"neighbour\.triple is gone"):
        wrap(_module(), "triple", "number", lambda original, number: original(number))


def test_wrap_changed_parameters_names_both() -> None:
    with pytest.raises(
        PatchMismatchError, match=r"neighbour\.double takes \(number\) instead of \(value\)"
    ):
        wrap(_module(), "double", "value", lambda original, value: original(value))
