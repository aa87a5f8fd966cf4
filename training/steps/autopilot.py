"""Train a model with SageMaker Autopilot on the same images, to compare with the run's model."""

import argparse
import math
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.arguments import duration, whole
from cli.aws import QuotaExceededError, code_of, sentence_of
from cli.instances import NEEDS_NO_GPU
from cli.polling import poll
from training.dataset.dataset import Dataset
from training.jobs.autopilot_request import Limits, automl_job_request
from training.jobs.follow import left_running
from training.jobs.preflight import check_counts, check_dataset, check_role
from training.project.bucket import require_bucket
from training.project.errors import TrainingError
from training.steps.context import Context
from untrusted.terminal import print_json

HELP = "train a model with SageMaker Autopilot, for comparison (AWS only)"
# AWS chooses the instances of Autopilot, which have quotas of their own.
_WITHOUT_GPU = f"With `scones train`, {NEEDS_NO_GPU}"
_ENDED = {"Completed", "Failed", "Stopped"}


class AutopilotNotEmulatedError(TrainingError):
    """Use AWS, or `scones tune`: the local cloud does not emulate CreateAutoMLJobV2."""


class AutopilotFailedError(TrainingError):
    """Autopilot ended without a model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add = parser.add_argument
    add(
        "--role",
        metavar="ARN",
        required=True,
        help="IAM role for Autopilot; it needs more rights than the role that `stage` creates",
    )
    add(
        "--max-candidates",
        type=whole(1, 750),
        default=10,
        metavar="N",
        help="number of models to try (default: %(default)s)",
    )
    add(
        "--max-job-runtime",
        type=duration(),
        default="1h",
        metavar="DURATION",
        help="limit for one training job (default: %(default)s)",
    )
    add(
        "--max-runtime",
        type=duration(longest="7d"),
        default="4h",
        metavar="DURATION",
        help="limit for all training jobs together (default: %(default)s)",
    )
    add("--dry-run", action="store_true", help="check everything and print the request only")
    add("--again", action="store_true", help="start another job even if the run already has one")


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Start an Autopilot job or resume it, and compare its model with the run's model.

    The model cannot be deployed: it answers in another format.

    Raises:
        StepNotDoneError: The run has no dataset.
        TrainingError: A check failed, and no job was created.
        AutopilotNotEmulatedError: The endpoint is the local cloud.
        QuotaExceededError: The account's quota is too small.
        AutopilotFailedError: Autopilot found no model.
    """
    dataset = Dataset.of(context.run)
    check_counts(dataset, mini_batch_size=1)
    require_bucket(context.aws, dataset.bucket)
    check_dataset(context.aws.s3, dataset)
    check_role(context.aws.iam, options.role, context.console)
    limits = Limits(options.max_candidates, options.max_job_runtime, options.max_runtime)
    name = context.names.short()
    request = automl_job_request(dataset, name, options.role, limits, context.names.tag_list)
    if options.dry_run:
        if not options.json:
            print_json(request)
        return request

    facts = context.run.begin(
        "autopilot", **{**request, "AutoMLJobName": None}, digest=dataset.digest
    )
    name = _start(context, request, None if options.again else facts.get("job"))
    result = _result(context, _follow(context, name))
    context.run.done("autopilot", result)
    return result


def _start(context: Context, request: dict[str, Any], known: str | None) -> str:
    """Start a job, unless a job of the same request is in progress or completed."""
    earlier = _describe(context, known) if known else None
    if known and earlier and earlier["AutoMLJobStatus"] in ("InProgress", "Completed"):
        return known

    name = str(request["AutoMLJobName"])
    context.run.note("autopilot", job=name)
    try:
        context.aws.sagemaker.create_auto_ml_job_v2(**request)
    except ClientError as exc:
        if code_of(exc) == "UnknownOperationException":
            raise AutopilotNotEmulatedError from exc
        if code_of(exc) == "ResourceLimitExceeded":
            raise QuotaExceededError(f"{sentence_of(exc)} {_WITHOUT_GPU}") from exc
        raise
    return name


def _follow(context: Context, name: str) -> Mapping[str, Any]:
    stop = f"aws sagemaker stop-auto-ml-job --auto-ml-job-name {name} --region {context.aws.region}"
    with (
        left_running(context.console, f"Autopilot job {name}", "Autopilot job", stop),
        context.console.status("Autopilot") as spinner,
    ):
        for elapsed in poll(math.inf):  # the job's own limits end it
            job = _describe(context, name)
            if job is None:
                raise AutopilotFailedError(
                    f"The Autopilot job {name} does not exist any more: run the same command again."
                )
            if job["AutoMLJobStatus"] in _ENDED:
                return job
            spinner.update(f"{job['AutoMLJobSecondaryStatus']} for {elapsed:.0f} s")
    raise AssertionError("poll() never ends")


def _describe(context: Context, name: str) -> Mapping[str, Any] | None:
    try:
        return context.aws.sagemaker.describe_auto_ml_job_v2(AutoMLJobName=name)
    except ClientError as exc:
        if code_of(exc) in ("ResourceNotFound", "UnknownOperationException"):
            return None
        raise


def _result(context: Context, job: Mapping[str, Any]) -> dict[str, Any]:
    name = job["AutoMLJobName"]
    best = job.get("BestCandidate")
    if not best or "FinalAutoMLJobObjectiveMetric" not in best:
        reason = job.get("FailureReason") or f"its status is {job['AutoMLJobStatus']}."
        hint = f" {_WITHOUT_GPU}" if "service limit" in reason else ""
        raise AutopilotFailedError(f"The Autopilot job {name} found no model: {reason}{hint}")

    accuracy = best["FinalAutoMLJobObjectiveMetric"]["Value"]
    own = (context.run.find("train") or {}).get("metrics", {}).get("validation:accuracy")
    compared = "" if own is None else f"; the run's own model has {own:.4f}"
    context.console.print(
        f"Autopilot's best model has a validation accuracy of {accuracy:.4f}{compared}."
    )
    return {
        "job": name,
        "candidate": best["CandidateName"],
        "validation_accuracy": accuracy,
        "own_validation_accuracy": own,
        "containers": [
            {"image": one["Image"], "model_data": one["ModelDataUrl"]}
            for one in best.get("InferenceContainers", [])
        ],
    }
