"""The types of arguments that several commands have."""

import argparse

import pytest

from cli.arguments import duration, percent, share, share_below_one, whole


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("15m", 900), ("2h", 7200), ("1d", 86400), ("1s", 1)]
)
def test_duration_is_parsed_into_seconds(text: str, seconds: int) -> None:
    assert seconds == duration()(text)


@pytest.mark.parametrize("text", ["m", "-1m", "1w", "", "0s", "25h", "1.5h", "9 s", "\u0669s"])
def test_text_that_is_not_a_duration_is_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="not a duration from 1s to 1d"):
        duration()(text)


@pytest.mark.parametrize("text", ["1800", "0"])
def test_number_without_unit_is_refused_with_the_unit(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=f"{text!r} has no unit.*{text}s"):
        duration()(text)


def test_duration_keeps_its_bounds() -> None:
    assert 120 == duration("2m", "1h")("2m")
    with pytest.raises(argparse.ArgumentTypeError, match="from 2m to 1h"):
        duration("2m", "1h")("119s")


@pytest.mark.parametrize("text", ["50", "1.01", "0", "-0.1", "nan", "inf", "x", ""])
def test_number_outside_zero_to_one_is_not_a_share(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="Shares are 0 to 1"):
        share(text)


def test_share_of_a_guarantee_is_below_one() -> None:
    assert 0.99 == share_below_one("0.99")
    with pytest.raises(argparse.ArgumentTypeError, match="No sample"):
        share_below_one("1")


@pytest.mark.parametrize(
    ("text", "percents"), [("0.01", 1), ("0.07", 7), ("0.29", 29), ("0.5", 50), ("1.0", 100)]
)
def test_share_becomes_the_whole_percents_that_aws_takes(text: str, percents: int) -> None:
    assert percents == percent(1, 100)(text)


@pytest.mark.parametrize("text", ["50", "0", "0.005", "0.015", "nan", "inf", "x"])
def test_earlier_percents_and_broken_shares_are_refused(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"from 0\.01 to 1 .* Shares"):
        percent(1, 100)(text)


def test_one_is_ambiguous_between_one_percent_and_everything() -> None:
    with pytest.raises(argparse.ArgumentTypeError, match=r"0\.01 for 1 percent, or 1\.0"):
        percent(1, 100)("1")


def test_whole_number_keeps_its_bounds() -> None:
    assert 3 == whole(1, 3)("3")
    for text in ("0", "4", "x", "1.0", "-1"):
        with pytest.raises(argparse.ArgumentTypeError, match="from 1 to 3"):
            whole(1, 3)(text)
