"""Run hyperparameter tuning jobs, as clients see them."""

from typing import Any

import pytest

from localcloud.api.protocol import (
    InvalidRequestError,
    NotEmulatedError,
    ResourceInUseError,
    ResourceNotFoundError,
)
from localcloud.sagemaker.api.store import TRAINING_JOB
from localcloud.tests.unit.sagemaker.jobs.lab import TRAIN_UNTIL_STOPPED, training_request

# The accuracy of this job is its learning rate.
LEARN = """
rate=$(sed 's/.*learning_rate": "\\([^"]*\\).*/\\1/' "$1/input/config/hyperparameters.json")
echo "Epoch[0] Validation-accuracy=$rate"
"""
RATES = ["0.25", "0.75", "0.5"]
# The same, but a job with a learning rate below 0.5 runs until it is stopped.
LEARN_SLOWLY = (
    LEARN
    + """
case $rate in 0.25*) trap "exit 0" TERM; while :; do sleep 0.01; done;; esac
"""
)


def tuning_request(name: str = "tuned", **config: Any) -> dict[str, Any]:
    definition = training_request()
    definition["StaticHyperParameters"] = definition.pop("HyperParameters")
    del definition["TrainingJobName"]
    return {
        "HyperParameterTuningJobName": name,
        "HyperParameterTuningJobConfig": {
            "Strategy": "Grid",
            "HyperParameterTuningJobObjective": {
                "Type": "Maximize",
                "MetricName": "validation:accuracy",
            },
            "ResourceLimits": {"MaxParallelTrainingJobs": 2},
            "ParameterRanges": {
                "CategoricalParameterRanges": [{"Name": "learning_rate", "Values": RATES}]
            },
            **config,
        },
        "TrainingJobDefinition": definition,
    }


def create(lab: Any, **config: Any) -> None:
    lab.call("CreateHyperParameterTuningJob", **tuning_request(**config))


def describe(lab: Any) -> Any:
    return lab.call("DescribeHyperParameterTuningJob", HyperParameterTuningJobName="tuned")


def settle(lab: Any) -> Any:
    lab.run(lab.tuning.ended("tuned"))
    return describe(lab)


def training_jobs(lab: Any, **options: Any) -> Any:
    operation = "ListTrainingJobsForHyperParameterTuningJob"
    return lab.call(operation, HyperParameterTuningJobName="tuned", **options)[
        "TrainingJobSummaries"
    ]


@pytest.mark.parametrize(("objective", "best"), [("Maximize", "0.75"), ("Minimize", "0.25")])
def test_best_training_job_has_the_best_objective(lab: Any, objective: str, best: str) -> None:
    lab.script = LEARN
    create(
        lab,
        HyperParameterTuningJobObjective={"Type": objective, "MetricName": "validation:accuracy"},
    )

    found = settle(lab)["BestTrainingJob"]

    assert {"learning_rate": best} == found["TunedHyperParameters"]
    assert float(best) == found["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]


def test_completed_tuning_job_counts_its_training_jobs(lab: Any) -> None:
    lab.script = LEARN
    create(lab)

    tuning = settle(lab)

    assert "Completed" == tuning["HyperParameterTuningJobStatus"]
    assert 3 == tuning["TrainingJobStatusCounters"]["Completed"]
    assert {"Succeeded": 3, "Pending": 0, "Failed": 0} == tuning["ObjectiveStatusCounters"]


def test_training_jobs_get_static_and_tuned_hyperparameters_and_tags(lab: Any) -> None:
    tags = [{"Key": "project", "Value": "apples"}]
    lab.call("CreateHyperParameterTuningJob", **tuning_request(), Tags=tags)
    settle(lab)

    first = lab.describe(training_jobs(lab)[0]["TrainingJobName"])

    assert {"num_classes": "2", "learning_rate": "0.25"} == first["HyperParameters"]
    assert first["TuningJobArn"].endswith("hyper-parameter-tuning-job/tuned")
    assert tags == lab.training.get(first["TrainingJobName"])["Tags"]


def test_training_jobs_are_listed_by_their_objective(lab: Any) -> None:
    lab.script = LEARN
    create(lab)
    settle(lab)

    found = training_jobs(lab, SortBy="FinalObjectiveMetricValue", SortOrder="Descending")

    assert ["0.75", "0.5", "0.25"] == [
        job["TunedHyperParameters"]["learning_rate"] for job in found
    ]


def test_no_more_training_jobs_exist_at_once_than_allowed(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    create(lab)

    lab.wait(lambda: len(lab.store.all(TRAINING_JOB)) == 2)
    lab.begun(training_jobs(lab)[0]["TrainingJobName"])

    assert 2 == describe(lab)["TrainingJobStatusCounters"]["InProgress"]


def test_stopped_tuning_job_stops_its_training_jobs_and_starts_no_more(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    create(lab)
    lab.wait(lambda: len(lab.store.all(TRAINING_JOB)) == 2)

    lab.call("StopHyperParameterTuningJob", HyperParameterTuningJobName="tuned")
    stopping = describe(lab)
    tuning = settle(lab)

    assert "Stopping" == stopping["HyperParameterTuningJobStatus"]
    assert "Stopped" == tuning["HyperParameterTuningJobStatus"]
    assert 2 == tuning["TrainingJobStatusCounters"]["Stopped"]


def test_tuning_job_of_failed_training_jobs_fails(lab: Any) -> None:
    lab.script = "exit 1"
    create(lab)

    tuning = settle(lab)

    assert "Failed" == tuning["HyperParameterTuningJobStatus"]
    assert tuning["FailureReason"].startswith("All training jobs failed.")
    assert 3 == tuning["ObjectiveStatusCounters"]["Failed"]


def test_early_stopping_ends_a_job_that_falls_behind(lab: Any) -> None:
    lab.script = LEARN_SLOWLY
    create(
        lab,
        TrainingJobEarlyStoppingType="Auto",
        ResourceLimits={"MaxParallelTrainingJobs": 1},
        ParameterRanges={
            "CategoricalParameterRanges": [
                {"Name": "learning_rate", "Values": ["0.5", "0.25", "0.75"]}
            ]
        },
    )

    tuning = settle(lab)

    statuses = [job["TrainingJobStatus"] for job in training_jobs(lab, SortBy="CreationTime")]
    assert "Completed" == tuning["HyperParameterTuningJobStatus"]
    assert ["Completed", "Stopped", "Completed"] == statuses


def test_tuning_job_continues_after_a_restart_with_untried_candidates(lab: Any) -> None:
    lab.script = TRAIN_UNTIL_STOPPED
    create(lab)
    lab.wait(lambda: len(lab.store.all(TRAINING_JOB)) == 2)

    lab.stop()
    lab.script = LEARN
    lab.start()
    settle(lab)

    assert RATES == [
        job["TunedHyperParameters"]["learning_rate"]
        for job in training_jobs(lab, SortBy="CreationTime")
    ]


def test_tuning_jobs_are_listed_with_strategy_and_counters(lab: Any) -> None:
    create(lab)
    settle(lab)

    found = lab.call("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"]

    assert [("tuned", "Grid", 3)] == [
        (
            one["HyperParameterTuningJobName"],
            one["Strategy"],
            one["TrainingJobStatusCounters"]["Completed"],
        )
        for one in found
    ]


def test_taken_name_of_a_tuning_job_is_in_use(lab: Any) -> None:
    create(lab)

    with pytest.raises(ResourceInUseError, match="already exists"):
        create(lab)


def test_tuning_job_whose_role_does_not_trust_sagemaker_is_refused(lab: Any) -> None:
    lab.iam.denied.add("sts:AssumeRole")
    with pytest.raises(InvalidRequestError, match="not authorized to perform: sts:AssumeRole"):
        create(lab)
    assert [] == lab.call("ListHyperParameterTuningJobs")["HyperParameterTuningJobSummaries"]


def test_unknown_tuning_job_is_not_found(lab: Any) -> None:
    with pytest.raises(ResourceNotFoundError, match="tuned"):
        describe(lab)


@pytest.mark.parametrize(
    ("config", "member"),
    [
        ({"Strategy": "Bayesian"}, "HyperParameterTuningJobConfig.Strategy Bayesian"),
        ({"Strategy": "Hyperband"}, "HyperParameterTuningJobConfig.Strategy Hyperband"),
        (
            {"TuningJobCompletionCriteria": {"TargetObjectiveMetricValue": 0.9}},
            "TuningJobCompletionCriteria",
        ),
        (
            {"ResourceLimits": {"MaxParallelTrainingJobs": 1, "MaxRuntimeInSeconds": 600}},
            "MaxRuntimeInSeconds",
        ),
    ],
)
def test_part_of_tuning_that_is_not_emulated_is_refused(
    lab: Any, config: dict[str, Any], member: str
) -> None:
    with pytest.raises(NotEmulatedError, match=member):
        create(lab, **config)


@pytest.mark.parametrize(
    ("config", "words"),
    [
        (
            {
                "HyperParameterTuningJobObjective": {
                    "Type": "Maximize",
                    "MetricName": "train:accuracy",
                }
            },
            "objective metric train:accuracy",
        ),
        (
            {
                "ParameterRanges": {
                    "CategoricalParameterRanges": [{"Name": "epochs", "Values": ["1"]}]
                }
            },
            "epochs of the algorithm cannot be tuned",
        ),
    ],
)
def test_objective_that_the_algorithm_does_not_have_is_refused(
    lab: Any, config: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequestError, match=words):
        create(lab, **config)


def test_algorithm_without_rules_is_tuned_for_a_metric_of_the_request(lab: Any) -> None:
    lab.stop()
    lab.built_in = None
    lab.start()
    request = tuning_request()
    request["HyperParameterTuningJobConfig"]["HyperParameterTuningJobObjective"]["MetricName"] = (
        "accuracy"
    )
    metric = {"Name": "accuracy", "Regex": "Validation-accuracy=([0-9.]+)"}
    request["TrainingJobDefinition"]["AlgorithmSpecification"]["MetricDefinitions"] = [metric]
    lab.script = LEARN

    lab.call("CreateHyperParameterTuningJob", **request)

    best = settle(lab)["BestTrainingJob"]
    assert "0.75" == best["TunedHyperParameters"]["learning_rate"]


def test_objective_that_no_metric_definition_names_is_refused(lab: Any) -> None:
    lab.stop()
    lab.built_in = None
    lab.start()

    with pytest.raises(
        InvalidRequestError,
        match="cannot be tuned for the objective metric validation:accuracy",
    ):
        create(lab)


def test_instances_may_be_named_as_the_sdk_names_them(lab: Any) -> None:
    request = tuning_request()
    definition = request["TrainingJobDefinition"]
    definition["HyperParameterTuningResourceConfig"] = definition.pop("ResourceConfig")
    lab.script = LEARN

    lab.call("CreateHyperParameterTuningJob", **request)

    assert 3 == settle(lab)["TrainingJobStatusCounters"]["Completed"]
    assert (
        "ml.g4dn.xlarge"
        == lab.describe(training_jobs(lab)[0]["TrainingJobName"])["ResourceConfig"]["InstanceType"]
    )


def test_instances_in_two_places_are_refused(lab: Any) -> None:
    request = tuning_request()
    definition = request["TrainingJobDefinition"]
    definition["HyperParameterTuningResourceConfig"] = definition["ResourceConfig"]

    with pytest.raises(InvalidRequestError, match="Remove one"):
        lab.call("CreateHyperParameterTuningJob", **request)
