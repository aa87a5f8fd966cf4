"""Choose the hyperparameters of a tuning job."""

from statistics import median
from typing import Any

import pytest

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.jobs.search import candidates


def values(
    kind: str, lowest: str, highest: str, scale: str = "Linear", seed: int = 1, most: int = 200
) -> list[str]:
    """Return the values that Random tries of one range."""
    parameter = {"Name": "x", "MinValue": lowest, "MaxValue": highest, "ScalingType": scale}
    ranges = {f"{kind}ParameterRanges": [parameter]}
    return [candidate["x"] for candidate in candidates(config(ranges, "Random", most, seed))]


def config(
    ranges: dict[str, Any], strategy: str, most: int | None, seed: int = 1
) -> dict[str, Any]:
    limits = {} if most is None else {"MaxNumberOfTrainingJobs": most}
    return {
        "Strategy": strategy,
        "ResourceLimits": limits,
        "ParameterRanges": ranges,
        "RandomSeed": seed,
    }


def categories(**choices: list[str]) -> dict[str, Any]:
    return {
        "CategoricalParameterRanges": [
            {"Name": name, "Values": values} for name, values in choices.items()
        ]
    }


def test_grid_tries_every_combination_once() -> None:
    found = candidates(config(categories(a=["1", "2"], b=["x", "y"]), "Grid", None))

    assert [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")] == [
        (one["a"], one["b"]) for one in found
    ]


def test_same_seed_tries_the_same() -> None:
    assert values("Continuous", "0", "1", seed=7) == values("Continuous", "0", "1", seed=7)


def test_another_seed_tries_other_values() -> None:
    assert values("Continuous", "0", "1", seed=7) != values("Continuous", "0", "1", seed=8)


@pytest.mark.parametrize("scale", ["Linear", "Logarithmic", "Auto"])
def test_integers_come_to_both_ends_of_their_range_and_not_beyond(scale: str) -> None:
    assert {"1", "2", "3"} == set(values("Integer", "1", "3", scale))


@pytest.mark.parametrize(
    ("lowest", "highest", "scale", "middle"),
    [
        ("0", "1", "Linear", 0.5),
        ("0.0001", "1", "Logarithmic", 0.01),
        ("0", "0.9999", "ReverseLogarithmic", 0.99),
    ],
)
def test_half_of_the_values_lie_below_the_middle_of_the_scale(
    lowest: str, highest: str, scale: str, middle: float
) -> None:
    found = [float(value) for value in values("Continuous", lowest, highest, scale)]

    below = sum(value < middle for value in found)
    # 100 of 200 are expected, with a standard deviation of 7.
    assert 65 <= below <= 135, median(found)
    assert all(float(lowest) <= value <= float(highest) for value in found)


@pytest.mark.parametrize(
    ("kind", "lowest", "highest", "scale", "words"),
    [
        ("Integer", "1.5", "3", "Linear", "is not an integer"),
        ("Continuous", "one", "3", "Linear", "is not a number"),
        ("Continuous", "3", "1", "Linear", "greater than its MaxValue"),
        ("Continuous", "nan", "1", "Linear", "greater than its MaxValue"),
        ("Continuous", "0", "1", "Logarithmic", "greater than 0"),
        ("Integer", "0", "3", "Logarithmic", "greater than 0"),
        ("Continuous", "0", "1", "ReverseLogarithmic", "below 1"),
    ],
)
def test_range_that_contradicts_itself_is_refused(
    kind: str, lowest: str, highest: str, scale: str, words: str
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        values(kind, lowest, highest, scale)


@pytest.mark.parametrize(
    ("ranges", "strategy", "most", "words"),
    [
        ({}, "Random", 3, "no hyperparameter"),
        (categories(a=["1"]), "Random", None, "MaxNumberOfTrainingJobs is required"),
        (categories(a=["1", "2"]), "Grid", 3, "the grid has 2 combinations"),
        (
            {"IntegerParameterRanges": [{"Name": "a", "MinValue": "1", "MaxValue": "2"}]},
            "Grid",
            None,
            "categorical",
        ),
        (
            {"CategoricalParameterRanges": [{"Name": "a", "Values": ["1"]}] * 2},
            "Random",
            3,
            "the same Name",
        ),
    ],
)
def test_impossible_search_is_refused(
    ranges: dict[str, Any], strategy: str, most: int | None, words: str
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        candidates(config(ranges, strategy, most))
