"""A patch fails if MiniStack has another version than the patch expects."""

from types import ModuleType

import pytest

from localcloud.ministack.patch import PatchMismatchError, wrap


def _module() -> ModuleType:
    module = ModuleType("neighbour")

    def double(number: int) -> int:
        return 2 * number

    module.__dict__["double"] = double

    return module


def test_wrapped_function_runs_the_wrapper() -> None:
    module = _module()
    wrap(module, "double", "number", lambda original, number: original(number) + 1)
    assert 7 == module.double(3)


def test_second_wrapper_runs_around_the_first() -> None:
    module = _module()
    wrap(module, "double", "number", lambda original, number: original(number) + 1)
    wrap(module, "double", "number", lambda original, number: 10 * original(number))
    assert 70 == module.double(3)


def test_missing_function_is_named_in_the_error() -> None:
    with pytest.raises(PatchMismatchError, match=r"neighbour\.triple is missing"):
        wrap(_module(), "triple", "number", lambda original, number: original(number))


def test_changed_parameters_are_named_in_the_error() -> None:
    with pytest.raises(
        PatchMismatchError, match=r"neighbour\.double takes \(number\) instead of \(value\)"
    ):
        wrap(_module(), "double", "value", lambda original, value: original(value))
