"""Choose the hyperparameters of a tuning job's training jobs, all before the first one starts.

Source of ranges, scales and strategies:
https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html.
"""

import math
import random
from collections.abc import Mapping
from itertools import product
from typing import Any

from localcloud.api.protocol import InvalidRequestError

type Candidate = dict[str, str]


def candidates(config: Mapping[str, Any]) -> list[Candidate]:
    """Return the hyperparameters of each training job of a tuning job, in the order of their start.

    Raises:
        InvalidRequestError: the ranges contradict each other or the strategy.
    """
    ranges = config.get("ParameterRanges", {})
    most = config["ResourceLimits"].get("MaxNumberOfTrainingJobs")
    _check_names(ranges)
    if config["Strategy"] == "Grid":
        return _grid(ranges, most)
    if most is None:
        raise InvalidRequestError(
            "ResourceLimits.MaxNumberOfTrainingJobs is required for the strategy Random."
        )

    chance = random.Random(config.get("RandomSeed"))  # noqa: S311  # not a secret

    return [_sample(ranges, chance) for _ in range(most)]


def _check_names(ranges: Mapping[str, Any]) -> None:
    names = [parameter["Name"] for kind in ranges.values() for parameter in kind]
    if not names:
        raise InvalidRequestError("ParameterRanges names no hyperparameter to tune.")
    if len(set(names)) < len(names):
        raise InvalidRequestError("Two ranges of ParameterRanges have the same Name.")


def _grid(ranges: Mapping[str, Any], most: int | None) -> list[Candidate]:
    if ranges.get("IntegerParameterRanges") or ranges.get("ContinuousParameterRanges"):
        raise InvalidRequestError("Grid search supports categorical hyperparameters only.")

    categories = ranges.get("CategoricalParameterRanges", [])
    names = [parameter["Name"] for parameter in categories]
    grid = [
        dict(zip(names, values, strict=True))
        for values in product(*(dict.fromkeys(parameter["Values"]) for parameter in categories))
    ]
    if most not in (None, len(grid)):
        raise InvalidRequestError(
            f"MaxNumberOfTrainingJobs is {most}, and the grid has {len(grid)} combinations. "
            "Remove it for Grid search."
        )

    return grid


def _sample(ranges: Mapping[str, Any], chance: random.Random) -> Candidate:
    sampled = {}
    for parameter in ranges.get("CategoricalParameterRanges", []):
        sampled[parameter["Name"]] = chance.choice(parameter["Values"])
    for parameter in ranges.get("IntegerParameterRanges", []):
        lowest, highest = _bounds(parameter, integer=True)
        # ^Half a step more on both sides gives the ends the same probability as other
        # values.
        drawn = _scaled(parameter, lowest - 0.5, highest + 0.5, chance, integer=True)
        sampled[parameter["Name"]] = str(min(max(round(drawn), int(lowest)), int(highest)))

    for parameter in ranges.get("ContinuousParameterRanges", []):
        drawn = _scaled(parameter, *_bounds(parameter, integer=False), chance, integer=False)
        sampled[parameter["Name"]] = repr(drawn)
    return sampled


def _bounds(parameter: Mapping[str, str], *, integer: bool) -> tuple[float, float]:
    try:
        lowest, highest = (
            float(int(parameter[end]) if integer else parameter[end])
            for end in ("MinValue", "MaxValue")
        )
    except ValueError as exc:
        number = "an integer" if integer else "a number"
        raise InvalidRequestError(
            f"MinValue or MaxValue of the range {parameter['Name']} is not {number}."
        ) from exc
    if not (math.isfinite(lowest) and math.isfinite(highest) and lowest <= highest):
        raise InvalidRequestError(
            f"MinValue of the range {parameter['Name']} is greater than its MaxValue."
        )

    return lowest, highest


def _scaled(
    parameter: Mapping[str, str],
    lowest: float,
    highest: float,
    chance: random.Random,
    *,
    integer: bool,
) -> float:
    scale = parameter.get("ScalingType", "Auto")
    if scale == "Logarithmic":
        if lowest <= 0:
            raise InvalidRequestError(
                f"Logarithmic scaling of {parameter['Name']} needs values greater than 0."
            )
        value = math.exp(chance.uniform(math.log(lowest), math.log(highest)))
    elif scale == "ReverseLogarithmic":
        if integer or lowest < 0 or highest >= 1:
            raise InvalidRequestError(
                f"Reverse logarithmic scaling of {parameter['Name']} needs continuous values of at "
                "least 0 and below 1."
            )
        value = 1 - math.exp(chance.uniform(math.log(1 - lowest), math.log(1 - highest)))
    else:  # Auto leaves the choice to SageMaker
        value = chance.uniform(lowest, highest)

    return value if integer else min(max(value, lowest), highest)
