"""Read the search of a tuning job from a TOML file, and check it like the built-in algorithm."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Self

from training.jobs.hyperparameters import KINDS
from training.project.errors import TrainingError

DEFAULTS = Path(__file__).with_name("tuning.toml")
OBJECTIVE = "validation:accuracy"  # the algorithm supports no other objective
STRATEGIES = ("Random", "Bayesian", "Grid")
# https://docs.aws.amazon.com/sagemaker/latest/dg/IC-tuning.html (read in 2026-11).
TUNABLE = {
    "beta_1": "Continuous",
    "beta_2": "Continuous",
    "eps": "Continuous",
    "gamma": "Continuous",
    "learning_rate": "Continuous",
    "mini_batch_size": "Integer",
    "momentum": "Continuous",
    "optimizer": "Categorical",
    "weight_decay": "Continuous",
}
MOST_VALUES = 30  # of a CategoricalParameterRange
_MEMBERS = {"strategy", "seed", "max_jobs", "parallel_jobs", "early_stopping", "ranges"}


class SearchError(TrainingError):
    """Compare the file of --ranges with training/jobs/tuning.toml."""


@dataclass(frozen=True)
class Search:
    """The strategy and the ranges of a search, by hyperparameter. Grid has no max_jobs."""

    strategy: str
    seed: int
    max_jobs: int | None
    parallel_jobs: int
    early_stopping: bool
    ranges: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            SearchError: The file is not readable, or the algorithm does not support the search.
        """
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
            if unknown := content.keys() - _MEMBERS:
                raise ValueError(
                    f"{', '.join(sorted(unknown))}: unknown. Use {', '.join(sorted(_MEMBERS))}"
                )
            search = cls(**{"max_jobs": None, **content})
            search._check()
        except (OSError, ValueError, TypeError, KeyError, AttributeError) as exc:
            raise SearchError(f"{path}: {exc}. {SearchError.__doc__}") from exc
        return search

    @property
    def config(self) -> dict[str, Any]:
        """Return the HyperParameterTuningJobConfig."""
        limits = {"MaxParallelTrainingJobs": self.parallel_jobs}
        if self.max_jobs is not None:
            limits["MaxNumberOfTrainingJobs"] = self.max_jobs
        kinds: dict[str, list[dict[str, Any]]] = {}
        for name, asked in self.ranges.items():
            kind = "Categorical" if "values" in asked else TUNABLE[name]
            kinds.setdefault(f"{kind}ParameterRanges", []).append(_range(name, asked))
        return {
            "Strategy": self.strategy,
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": OBJECTIVE},
            "ResourceLimits": limits,
            "ParameterRanges": kinds,
            "TrainingJobEarlyStoppingType": "Auto" if self.early_stopping else "Off",
            "RandomSeed": self.seed,
        }

    @property
    def jobs(self) -> int:
        """Return the number of training jobs."""
        return self.max_jobs or prod(len(asked["values"]) for asked in self.ranges.values())

    def largest(self, name: str, fixed: str) -> str:
        """Return the largest integer that a job may have, or `fixed` without a range."""
        asked = self.ranges.get(name)
        if asked is None:
            return fixed
        return str(asked["max"] if "max" in asked else max(map(int, asked["values"])))

    def _check(self) -> None:
        if self.strategy not in STRATEGIES:
            raise ValueError(
                f"strategy is {self.strategy!r}, and must be one of {', '.join(STRATEGIES)}"
            )
        if (self.max_jobs is None) != (self.strategy == "Grid"):
            raise ValueError(
                "max_jobs is needed, except with Grid, where the values define the number of jobs"
            )
        for name, number in (
            ("seed", self.seed),
            ("max_jobs", self.max_jobs),
            ("parallel_jobs", self.parallel_jobs),
        ):
            if number is not None and (type(number) is not int or number < (name != "seed")):
                raise ValueError(f"{name} is {number!r}, and must be a whole number")
        if type(self.early_stopping) is not bool:
            raise ValueError(
                f"early_stopping is {self.early_stopping!r}, and must be true or false"
            )
        if not self.ranges:
            raise ValueError("ranges is empty; add a range to search")
        for name, asked in self.ranges.items():
            _check_range(name, asked, self.strategy)


def _range(name: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    if "values" in asked:
        return {"Name": name, "Values": [str(value) for value in asked["values"]]}
    ends = {"MinValue": str(asked["min"]), "MaxValue": str(asked["max"])}
    return {"Name": name, **ends, "ScalingType": asked.get("scale", "Linear")}


def _check_range(name: str, asked: Mapping[str, Any], strategy: str) -> None:
    if name not in TUNABLE:
        raise ValueError(f"{name} cannot be tuned. Use {', '.join(sorted(TUNABLE))}")
    if asked.keys() not in ({"values"}, {"min", "max"}, {"min", "max", "scale"}):
        raise ValueError(f"ranges.{name} must have min and max, with or without scale, or values")
    if "values" in asked:
        _check_values(name, asked["values"])
    elif strategy == "Grid" or TUNABLE[name] == "Categorical":
        raise ValueError(
            f"ranges.{name} must have values, because Grid and the optimizer need a list"
        )
    else:
        _check_ends(name, asked)


def _check_values(name: str, values: Any) -> None:
    if type(values) is not list or not 1 <= len(values) <= MOST_VALUES:
        raise ValueError(f"ranges.{name}: values must be a list of 1 to {MOST_VALUES}")
    if len({str(value) for value in values}) < len(values):
        raise ValueError(f"ranges.{name}: a value is repeated")
    _check_allowed(name, values)


def _check_ends(name: str, asked: Mapping[str, Any]) -> None:
    ends = [asked["min"], asked["max"]]
    _check_allowed(name, ends)
    if any(type(end) not in (int, float) for end in ends):
        raise ValueError(f"ranges.{name}: min and max must be numbers, without quotation marks")
    if not asked["min"] < asked["max"]:
        raise ValueError(f"ranges.{name}: min must be below max")
    if asked.get("scale", "Linear") not in ("Linear", "Logarithmic"):
        raise ValueError(f"ranges.{name}: scale must be Linear or Logarithmic")
    if asked.get("scale") == "Logarithmic" and asked["min"] <= 0:
        raise ValueError(f"ranges.{name}: a logarithmic range must begin above 0")


def _check_allowed(name: str, tried: Sequence[Any]) -> None:
    if wrong := [value for value in tried if not KINDS[name].allows(str(value))]:
        raise ValueError(f"ranges.{name}: {wrong[0]!r} is not {KINDS[name].words}")
