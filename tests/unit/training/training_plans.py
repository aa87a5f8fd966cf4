"""Provide a staged dataset and a plan for tests of `train`."""

import argparse
import json
from collections.abc import Callable
from typing import Any

import pytest

from training.dataset.dataset import Dataset
from training.jobs.plan import Plan
from training.steps import train as step
from training.steps.context import Context

ROLE = "arn:aws:iam::123456789012:role/sagemaker"
COUNTS = {
    "train": {"automobile": 20, "truck": 20},
    "validation": {"automobile": 16, "truck": 16},
    "test": {"automobile": 9, "truck": 9},
}
STAGED: dict[str, Any] = {
    "bucket": "photos",
    "prefix": "datasets/cars",
    "labels": ["automobile", "truck"],
    "counts": COUNTS,
    "digest": "sha256:1",
    "recordio": False,
    "role": ROLE,
}


@pytest.fixture
def note_staged(context: Context) -> Callable[..., None]:
    """Record the result of `stage` in run.json."""

    def done(**changed: Any) -> None:
        context.run.begin("stage")
        context.run.done("stage", {**STAGED, **changed})

    return done


@pytest.fixture
def staged_run(note_staged: Callable[..., None]) -> None:
    """A run that has staged a dataset."""
    note_staged()


@pytest.fixture
def plan() -> Plan:
    """The plan of a job with default options."""
    staged = {name: STAGED[name] for name in ("bucket", "prefix", "counts", "digest", "recordio")}
    return Plan(
        dataset=Dataset(labels=("automobile", "truck"), **staged),
        hyperparameters={
            "epochs": "2",
            "mini_batch_size": "32",
            "num_classes": "2",
            "num_training_samples": "40",
            "resize": "256",
        },
        earlier_model=None,
        role=ROLE,
        instance_type="ml.g4dn.xlarge",
        volume_gb=30,
        max_runtime=7200,
        max_wait=None,
        kms_key=None,
        volume_kms_key=None,
    )


@pytest.fixture
def plan_in_s3(context: Context, plan: Plan) -> None:
    """Store the parts of the plan's dataset in S3 that the step reads."""
    s3, dataset = context.aws.s3, plan.dataset
    s3.create_bucket(Bucket=dataset.bucket)
    listed = "".join(f"{number}\t0\ta/{number}.png\n" for number in range(dataset.size("train")))
    s3.put_object(
        Bucket=dataset.bucket, Key=f"{dataset.prefix}/train_lst/train.lst", Body=listed.encode()
    )
    described = json.dumps({"digest": dataset.digest}).encode()
    s3.put_object(Bucket=dataset.bucket, Key=f"{dataset.prefix}/dataset.json", Body=described)


@pytest.fixture(scope="session")
def train_options() -> Callable[..., argparse.Namespace]:
    """Parse the step's own options."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--json", action="store_true")
    step.add_arguments(parser)
    return lambda *words: parser.parse_args(words)
