"""Read and check the file of the hyperparameter search."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from training.jobs.tuning_search import DEFAULTS, MOST_VALUES, Search, SearchError

WORKING = """
strategy = "Random"
seed = 3
max_jobs = 6
parallel_jobs = 2
early_stopping = true
[ranges.learning_rate]
min = 0.001
max = 0.1
scale = "Logarithmic"
[ranges.mini_batch_size]
min = 8
max = 32
[ranges.optimizer]
values = ["sgd", "adam"]
"""


def read(folder: Path, text: str) -> Search:
    path = folder / "ranges.toml"
    path.write_text(text, encoding="utf-8")
    return Search.read(path)


def test_the_file_of_the_project_is_a_search() -> None:
    assert {"learning_rate", "mini_batch_size", "weight_decay"} == Search.read(
        DEFAULTS
    ).ranges.keys()


def test_ranges_become_those_of_their_kind(tmp_path: Path) -> None:
    rate = {
        "Name": "learning_rate",
        "MinValue": "0.001",
        "MaxValue": "0.1",
        "ScalingType": "Logarithmic",
    }
    size = {"Name": "mini_batch_size", "MinValue": "8", "MaxValue": "32", "ScalingType": "Linear"}
    expected = {
        "ContinuousParameterRanges": [rate],
        "IntegerParameterRanges": [size],
        "CategoricalParameterRanges": [{"Name": "optimizer", "Values": ["sgd", "adam"]}],
    }
    assert expected == read(tmp_path, WORKING).config["ParameterRanges"]


@pytest.mark.parametrize(("low", "high"), [("0", "1"), ("0", "0.9"), ("0.1", "1")])
def test_a_range_of_a_real_number_is_continuous_however_its_ends_are_written(
    tmp_path: Path, low: str, high: str
) -> None:
    text = WORKING.replace("mini_batch_size", "momentum").replace("min = 8", f"min = {low}")
    ranges = read(tmp_path, text.replace("max = 32", f"max = {high}")).config["ParameterRanges"]
    expected = {"Name": "momentum", "MinValue": low, "MaxValue": high, "ScalingType": "Linear"}
    assert expected in ranges["ContinuousParameterRanges"]
    assert "IntegerParameterRanges" not in ranges


def test_the_largest_search_is_one_that_botocore_would_send(
    tmp_path: Path, valid_request: Callable[[str, str, dict[str, Any]], None]
) -> None:
    values = ", ".join(str(size) for size in range(1, MOST_VALUES + 1))
    search = read(tmp_path, WORKING.replace("min = 8\nmax = 32", f"values = [{values}]"))
    request = {"HyperParameterTuningJobName": "one", "HyperParameterTuningJobConfig": search.config}
    valid_request("sagemaker", "CreateHyperParameterTuningJob", request)


def test_limits_seed_and_early_stopping_are_as_the_file_says(tmp_path: Path) -> None:
    config = read(tmp_path, WORKING).config
    assert {"MaxNumberOfTrainingJobs": 6, "MaxParallelTrainingJobs": 2} == config["ResourceLimits"]
    assert 3 == config["RandomSeed"]
    assert "Auto" == config["TrainingJobEarlyStoppingType"]


def test_grid_tries_all_combinations(tmp_path: Path) -> None:
    grid = 'strategy = "Grid"\nseed = 0\nparallel_jobs = 1\nearly_stopping = false\n[ranges]\n'
    search = read(
        tmp_path, grid + "momentum.values = [0.5, 0.9]\nmini_batch_size.values = [8, 16, 32]\n"
    )
    assert 6 == search.jobs
    assert {"MaxParallelTrainingJobs": 1} == search.config["ResourceLimits"]


@pytest.mark.parametrize(("name", "expected"), [("mini_batch_size", "32"), ("epochs", "30")])
def test_the_largest_value_is_that_of_the_range_or_the_fixed_one(
    tmp_path: Path, name: str, expected: str
) -> None:
    assert expected == read(tmp_path, WORKING).largest(name, "30")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            'strategy = "Random"',
            'strategy = "Luck"',
            "strategy is 'Luck', and must be one of Random, Bayesian, Grid",
        ),
        ('strategy = "Random"', 'strategy = "Grid"', "max_jobs is needed, except with Grid"),
        ('strategy = "Random"', "", "missing 1 required positional argument: 'strategy'"),
        ("max_jobs = 6", 'strategie = "x"', "strategie: unknown"),
        ("max_jobs = 6", "max_jobs = 0", "max_jobs is 0, and must be a whole number"),
        ("max_jobs = 6", "max_jobs = 2.5", "max_jobs is 2.5, and must be a whole number"),
        ("ranges.mini_batch_size", "ranges.epochs", "epochs cannot be tuned. Use beta_1"),
        ("max = 32", "max = 8", "min must be below max"),
        ("max = 32", "", "must have min and max"),
        ("max = 32", "max = 40.5", "40.5 is not a positive integer"),
        ("max = 0.1", "max = 1.5", "1.5 is not a number from 0 to 1"),
        ("min = 0.001", "min = 0", "a logarithmic range must begin above 0"),
        ('scale = "Logarithmic"', 'scale = "Log"', "scale must be Linear or Logarithmic"),
        (
            "early_stopping = true",
            'early_stopping = "off"',
            "early_stopping is 'off', and must be true or false",
        ),
        (
            "early_stopping = true",
            "early_stopping = 1",
            "early_stopping is 1, and must be true or false",
        ),
        ('["sgd", "adam"]', "[]", r"ranges\.optimizer: values must be a list of 1 to 30"),
        ('["sgd", "adam"]', '"sgd"', r"ranges\.optimizer: values must be a list of 1 to 30"),
        ('["sgd", "adam"]', '["sgd", "sgd"]', r"ranges\.optimizer: a value is repeated"),
        (
            "min = 8\nmax = 32",
            f"values = {[*range(1, 32)]}",
            r"ranges\.mini_batch_size: values must be a list of 1 to 30",
        ),
        (
            'values = ["sgd", "adam"]',
            'min = "adam"\nmax = "sgd"',
            r"ranges\.optimizer must have values",
        ),
        ("min = 8", 'min = "8"', r"ranges\.mini_batch_size: min and max must be numbers"),
        ('"adam"', '"adamant"', "'adamant' is not one of sgd, adam"),
        ("[ranges.learning_rate]", "[ranges.learning_rate", "ranges.toml"),
    ],
)
def test_invalid_search_is_refused_with_a_reason(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(SearchError, match=words):
        read(tmp_path, WORKING.replace(old, new))
