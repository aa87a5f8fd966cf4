"""Record and show the result of a completed training job."""

import io
from dataclasses import replace
from typing import Any

import pytest

from training.jobs.log import JobLog
from training.jobs.plan import Plan
from training.jobs.training_report import dry_run_price, show_result, shown_epochs, train_result
from untrusted.console import Console

JOB: dict[str, Any] = {
    "TrainingJobName": "cars-1",
    "TrainingJobStatus": "Completed",
    "ModelArtifacts": {"S3ModelArtifacts": "s3://photos/models/cars-1/output/model.tar.gz"},
    "AlgorithmSpecification": {"TrainingImage": "account/image-classification:1"},
    "RoleArn": "arn:role",
    "ResourceConfig": {"InstanceType": "ml.g4dn.xlarge"},
    "HyperParameters": {"num_layers": "18", "epochs": "3"},
    "TrainingTimeInSeconds": 3600,
    "BillableTimeInSeconds": 1800,
    "FinalMetricDataList": [{"MetricName": "validation:accuracy", "Value": 0.5}],
}
KEYS = {
    "training_job",
    "status",
    "model_data",
    "image",
    "backbone",
    "role",
    "instance_type",
    "dataset_digest",
}
KEYS |= {
    "labels",
    "hyperparameters",
    "metrics",
    "epochs",
    "best_epoch",
    "seconds",
    "billable_seconds",
}


@pytest.fixture
def log() -> JobLog:
    """Of three epochs, the second of which is kept."""
    log = JobLog()
    for number, (train, validation) in enumerate([(0.7, 0.6), (0.9, 0.8), (0.95, 0.75)]):
        log.read(
            [
                f"Epoch[{number}] Train-accuracy={train}",
                f"Epoch[{number}] Validation-accuracy={validation}",
            ]
        )
        log.read(["Storing the best model with validation accuracy"] if number < 2 else [])
    return log


def epochs(count: int) -> list[dict[str, float]]:
    return [
        {"epoch": number, "train_accuracy": 0.9, "validation_accuracy": 0.8}
        for number in range(count)
    ]


def test_the_result_has_what_the_later_steps_read(plan: Plan, log: JobLog) -> None:
    assert KEYS == train_result(JOB, log, plan.dataset).keys()


def test_metrics_describe_the_stored_epoch(plan: Plan, log: JobLog) -> None:
    expected = {"train:accuracy": 0.9, "validation:accuracy": 0.8}
    assert expected == train_result(JOB, log, plan.dataset)["metrics"]


def test_without_a_log_the_metrics_are_those_that_sagemaker_saw(plan: Plan) -> None:
    assert {"validation:accuracy": 0.5} == train_result(JOB, JobLog(), plan.dataset)["metrics"]


def test_a_backbone_that_the_log_names_comes_first(plan: Plan, log: JobLog) -> None:
    log.read(["num_layers has no effect: the backbone is EfficientNet-Lite0"])
    assert "EfficientNet-Lite0" == train_result(JOB, log, plan.dataset)["backbone"]


def test_a_log_that_names_no_backbone_is_of_the_built_in_resnet(plan: Plan, log: JobLog) -> None:
    assert "ResNet-18" == train_result(JOB, log, plan.dataset)["backbone"]


def test_without_a_log_the_backbone_is_not_known(plan: Plan) -> None:
    assert train_result(JOB, JobLog(), plan.dataset)["backbone"] is None


def test_stored_epoch_and_cost_are_shown(plan: Plan, log: JobLog) -> None:
    shown = io.StringIO()
    show_result(Console(file=shown, width=200), train_result(JOB, log, plan.dataset))
    words = " ".join(shown.getvalue().split())
    assert "1 0.900 0.800 best 2 0.950 0.750 Completed in 3600 s, 1800 s billed: $0.368" in words


def test_a_result_without_epochs_is_shown_without_a_table(plan: Plan) -> None:
    shown = io.StringIO()
    show_result(Console(file=shown, width=200), train_result(JOB, JobLog(), plan.dataset))
    assert "epoch" not in shown.getvalue()
    assert "Backbone: unknown" in shown.getvalue()


def test_a_few_epochs_are_all_shown() -> None:
    few = epochs(10)
    assert few == shown_epochs(few, 0)


def test_long_log_shows_the_stored_the_last_and_some_other_epochs() -> None:
    shown = shown_epochs(epochs(95), 3)
    assert {3, 94} <= {epoch["epoch"] for epoch in shown}
    assert len(shown) <= 12


def test_dry_run_price_is_the_maximum_runtime_at_the_dated_list_price(plan: Plan) -> None:
    asked = replace(plan, instance_type="ml.g4dn.xlarge", max_runtime=7200, max_wait=None)
    price = dry_run_price(asked, charged=True)
    assert price.startswith("Price: at most $1.472, for 2 h (--max-runtime) on an ml.g4dn.xlarge")
    assert "list prices of us-east-1, 2026-11-23" in price


def test_dry_run_price_on_the_local_cloud_is_not_charged(plan: Plan) -> None:
    assert "the local cloud charges nothing" in dry_run_price(plan, charged=False)


def test_dry_run_price_of_an_unknown_machine_is_unknown(plan: Plan) -> None:
    asked = replace(plan, instance_type="ml.p3.2xlarge")
    assert dry_run_price(asked, charged=True).startswith("Price: unknown")
