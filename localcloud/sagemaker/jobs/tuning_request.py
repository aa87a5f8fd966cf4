"""Check a request for a tuning job, refuse members that are not emulated, and derive its training
jobs.
"""

from typing import Any

from localcloud.api.protocol import InvalidRequestError
from localcloud.sagemaker.algorithms import Algorithm, Algorithms
from localcloud.sagemaker.api.emulated import ANY, refuse_not_emulated
from localcloud.sagemaker.api.store import Record
from localcloud.sagemaker.jobs.requests import EMULATED_TRAINING_JOB, training_job
from localcloud.sagemaker.jobs.search import Candidate, candidates
from localcloud.sagemaker.jobs.specification import find_algorithm

_RANGES = {
    "IntegerParameterRanges": ANY,
    "ContinuousParameterRanges": ANY,
    "CategoricalParameterRanges": ANY,
}
_DEFINITION = {
    name: EMULATED_TRAINING_JOB[name]
    for name in EMULATED_TRAINING_JOB.keys() - {"TrainingJobName", "Tags"}
}
_EMULATED = {
    "HyperParameterTuningJobName": ANY,
    "HyperParameterTuningJobConfig": {
        "Strategy": {"Random", "Grid"},
        "HyperParameterTuningJobObjective": ANY,
        "ResourceLimits": {"MaxNumberOfTrainingJobs": ANY, "MaxParallelTrainingJobs": ANY},
        "ParameterRanges": _RANGES,
        "TrainingJobEarlyStoppingType": {"Off", "Auto"},
        "RandomSeed": ANY,
    },
    "TrainingJobDefinition": {
        **_DEFINITION,
        "StaticHyperParameters": ANY,
        # The SageMaker SDK's HyperparameterTuner names the instances here.
        "HyperParameterTuningResourceConfig": EMULATED_TRAINING_JOB["ResourceConfig"],
    },
    "Tags": ANY,
}


def tuning_job(request: Record, algorithms: Algorithms) -> Record:
    """Return the members of the requested tuning job, with its `Candidates`.

    Args:
        request: of CreateHyperParameterTuningJob.
        algorithms: those that run in place of images.

    Raises:
        NotEmulatedError: a member is not emulated.
        InvalidRequestError: AWS refuses the request too.
    """
    refuse_not_emulated(request, _EMULATED)
    if "TrainingJobDefinition" not in request:
        raise InvalidRequestError("TrainingJobDefinition is missing: the tuning job needs it.")

    config = request["HyperParameterTuningJobConfig"]
    _check_resources(request["TrainingJobDefinition"])
    specification = request["TrainingJobDefinition"]["AlgorithmSpecification"]
    algorithm = find_algorithm(specification, algorithms)
    _check_objective(
        config.get("HyperParameterTuningJobObjective", {}).get("MetricName"),
        specification,
        algorithm,
    )
    found = candidates(config)
    _check_hyperparameters(
        found[0], request["TrainingJobDefinition"].get("StaticHyperParameters", {}), algorithm
    )
    job = {"TrainingJobEarlyStoppingType": "Off", **config}
    tuning = {
        **request,
        "HyperParameterTuningJobConfig": job,
        "Candidates": found,
        "Asked": specification,
    }
    first = training_job(training_request(tuning, found[0], "checked"), algorithms)
    definition = {
        **request["TrainingJobDefinition"],
        "AlgorithmSpecification": first["AlgorithmSpecification"],
    }

    return {**tuning, "TrainingJobDefinition": definition}


def training_request(tuning: Record, candidate: Candidate, name: str) -> dict[str, Any]:
    """Return the CreateTrainingJob request for a candidate of a tuning job."""
    request = dict(tuning["TrainingJobDefinition"])
    static = request.pop("StaticHyperParameters", {})
    if resources := request.pop("HyperParameterTuningResourceConfig", None):
        request["ResourceConfig"] = resources
    return {
        **request,
        "TrainingJobName": name,
        "AlgorithmSpecification": tuning[
            "Asked"
            # Without the algorithm's own metrics, which a request must not name.
        ],
        "HyperParameters": {**static, **candidate},
        "Tags": tuning.get("Tags", []),
    }


def _check_resources(definition: Record) -> None:
    # Only one of the two is allowed: HyperParameterTrainingJobDefinition, API reference.
    if {"ResourceConfig", "HyperParameterTuningResourceConfig"} <= definition.keys():
        raise InvalidRequestError(
            "TrainingJobDefinition has both ResourceConfig and "
            "HyperParameterTuningResourceConfig. Remove one."
        )


def _check_objective(metric: str | None, specification: Record, algorithm: Algorithm) -> None:
    known = tuple(definition["Name"] for definition in specification.get("MetricDefinitions", []))
    if algorithm.built_in:
        known = algorithm.built_in.objective_metrics
    if metric not in known:
        raise InvalidRequestError(
            f"The algorithm cannot be tuned for the objective metric {metric}. "
            f"Use one of: {', '.join(known)}."
        )


def _check_hyperparameters(
    tuned: dict[str, str], static: dict[str, str], algorithm: Algorithm
) -> None:
    for name in tuned:
        if algorithm.built_in and name not in algorithm.built_in.tunable_hyperparameters:
            raise InvalidRequestError(
                f"The hyperparameter {name} of the algorithm cannot be tuned. Tunable: "
                f"{', '.join(algorithm.built_in.tunable_hyperparameters)}."
            )
        if name in static:
            raise InvalidRequestError(f"The hyperparameter {name} is both static and tuned.")
