"""The options of `stage`."""

import argparse
from collections.abc import Callable
from fractions import Fraction

import pytest

type Parse = Callable[..., argparse.Namespace]


def test_shares_are_exact(stage_options: Parse) -> None:
    tenth = Fraction(1, 10)
    expected = {"train": 7 * tenth, "validation": tenth, "calibration": tenth, "test": tenth}
    assert expected == stage_options("images").split


def test_classes_are_sorted_and_distinct(stage_options: Parse) -> None:
    assert ("automobile", "truck") == stage_options(
        "images", "--classes", "truck, automobile,truck"
    ).classes


def test_balance_can_be_turned_off(stage_options: Parse) -> None:
    assert stage_options("images", "--balance", "off").balance is None


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--split", "0.8,0.1,0.1"), "four shares above 0"),
        (("--split", "0.8,0.1,0.1,0"), "four shares above 0"),
        (("--split", "a,b,c,d"), "four shares above 0"),
        (("--split", "7,1,1,1"), "adds up to 10"),
        (("--classes", "car"), "at least two different classes"),
        (("--classes", "car,a/b"), "'a/b' is not a class name"),
        (("--balance", "0.5"), "at least 1, or off"),
        (("--workers", "0"), "not a whole number from 1"),
        (("--seed", "x"), "invalid int value"),
    ],
)
def test_invalid_option_is_refused_with_its_value(
    words: tuple[str, str], message: str, stage_options: Parse, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        stage_options("images", *words)
    assert message in capsys.readouterr().err
