"""`train`: a training job of SageMaker's built-in image-classification algorithm on the dataset that was staged."""

import argparse
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cli import instances
from cli.arguments import whole
from training.dataset.dataset import TRAIN
from training.jobs import hyperparameters
from training.jobs.follow import check_completed, follow
from training.jobs.plan import Plan, make_plan
from training.jobs.preflight import preflight
from training.jobs.training_jobs import JobNameTakenError, Jobs, SageMakerJobs
from training.jobs.training_report import show_result, train_result
from training.jobs.training_request import training_job_request
from training.models.registry import register
from training.project.encryption_keys import allow_keys
from training.project.step import Context
from untrusted.terminal import print_json

HELP = "train a model on the staged dataset: a SageMaker training job, followed to its end"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.usage = "python -m training train [option ...]"
    job = parser.add_argument_group("the training job")
    job.add_argument("--role", metavar="ARN", help="role that SageMaker works as (default: the one `stage` made)")
    job.add_argument("--instance-type", default=instances.TRAINING, help="a machine with a GPU (%(default)s)")
    job.add_argument(
        "--volume-size", type=whole(1, 16384), default=30, metavar="GB", help="disk for data and model (%(default)s)"
    )
    job.add_argument(
        "--max-runtime", type=seconds, default="2h", metavar="TIME", help="caps the bill: 90s, 30m, 2h (%(default)s)"
    )
    job.add_argument("--spot", action="store_true", help="spot machines: up to 90 %% cheaper, may be interrupted")
    job.add_argument("--max-wait", type=seconds, metavar="TIME", help="for --spot: waiting and training together")
    job.add_argument("--kms-key", metavar="KEY", help="encrypts the model in S3")
    job.add_argument("--volume-kms-key", metavar="KEY", help="encrypts the disk (p2 and p3 only)")
    job.add_argument("--dry-run", action="store_true", help="check everything, print the request, create nothing")
    job.add_argument("--again", action="store_true", help="train anew although the run has this very model")
    earlier = parser.add_argument_group("going on from an earlier model").add_mutually_exclusive_group()
    earlier.add_argument("--from-model", metavar="S3-URL", help="its model.tar.gz")
    earlier.add_argument("--from-run", metavar="NAME", help="the model of another run (its --run)")
    tuned = parser.add_argument_group("hyperparameters")
    tuned.add_argument(
        "--hyperparameters",
        type=Path,
        default=hyperparameters.DEFAULTS,
        metavar="TOML",
        help="file of them; the flags below override it (default: training/jobs/hyperparameters.toml)",
    )
    for name, kind in hyperparameters.KINDS.items():
        tuned.add_argument(f"--{name.replace('_', '-')}", metavar="X", help=kind.words)


def seconds(text: str) -> int:
    """Parse a time such as 90s, 30m or 2h; a bare number is seconds."""
    parts = re.fullmatch(r"([1-9][0-9]*)([smh]?)", text)
    if not parts:
        raise argparse.ArgumentTypeError(f"{text!r} is not a time such as 90s, 30m or 2h")
    return int(parts[1]) * {"": 1, "s": 1, "m": 60, "h": 3600}[parts[2]]


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Train and register, unless the run has the model already; a job that is under way is taken up.

    Raises:
        TrainingError: nothing was created (plan, preflight), or the job did not complete.
    """
    plan = make_plan(context, options)
    preflight(context, plan)
    jobs = SageMakerJobs(context.aws)
    if options.dry_run:
        request = make_request(context, plan, jobs, checkpoints=None)
        if not options.json:
            print_json(request)
        return request
    train(context, plan, jobs, options.again)
    return register(context, plan.dataset, plan.earlier_model)


def train(context: Context, plan: Plan, jobs: Jobs, again: bool = False) -> dict[str, Any]:
    """The step after its checks: take up the job of the same request, or start one, and follow it to its end."""
    facts = context.run.begin("train", **plan.asked)
    name, known = str(facts.get("training_job") or ""), context.run.find("train")
    earlier = jobs.describe(name) if name else None
    status = earlier["TrainingJobStatus"] if earlier else None
    if status == "Completed" and not again:
        context.console.print("The run has this very model already; --again trains anew.")
        if known and known["training_job"] == name:
            return _done(context, known)
        told = f"Reading the log of {name}."
    elif status in ("InProgress", "Stopping"):
        told = f"Taking up the training job {name}."
    else:
        checkpoints = facts.get("checkpoints") if status == "Stopped" and not again else None
        name = _start(context, plan, jobs, checkpoints)
        told = (
            f"Training job {name} on {plan.instance_type}: {plan.hyperparameters['epochs']} epochs of "
            f"{plan.dataset.size(TRAIN)} images in {len(plan.dataset.labels)} classes"
            f"{', from the checkpoints of the one that was stopped' if checkpoints else ''}."
        )
    return _finish(context, plan, jobs, name, told)


def _start(context: Context, plan: Plan, jobs: Jobs, checkpoints: str | None) -> str:
    allow_keys(context, plan.role, data=plan.kms_key, volumes=plan.volume_kms_key)
    with context.console.status("creating the training job"):
        request = make_request(context, plan, jobs, checkpoints)
        name = str(request["TrainingJobName"])
        # Before it is created, so that whatever happens then, the same command finds it.
        context.run.note("train", training_job=name, checkpoints=request["CheckpointConfig"]["S3Uri"])
        try:
            jobs.create(request)
        except JobNameTakenError:
            context.run.note("train", training_job=None)  # it is somebody else's
            raise
    return name


def make_request(context: Context, plan: Plan, jobs: Jobs, checkpoints: str | None) -> dict[str, Any]:
    """The request for a job of a new name, which goes on from the checkpoints of an earlier one or has its own."""
    name = context.names.dated(datetime.now(UTC))
    own = f"s3://{plan.dataset.bucket}/checkpoints/{name}/"
    return training_job_request(plan, name, jobs.image(), checkpoints or own, context.names.tag_list)


def _finish(context: Context, plan: Plan, jobs: Jobs, name: str, told: str) -> dict[str, Any]:
    try:
        context.console.print(told)
        job, log = follow(context, jobs, name, int(plan.hyperparameters["epochs"]))
    except KeyboardInterrupt:
        stop = f"aws sagemaker stop-training-job --training-job-name {name} --region {context.aws.region}"
        context.console.print(f"The training job goes on without you. To stop it: {stop}")
        raise
    check_completed(job, log)
    result = train_result(job, log, plan.dataset)
    return _done(context, result | {"model_digest": jobs.model_digest(result["model_data"])})


def _done(context: Context, result: dict[str, Any]) -> dict[str, Any]:
    context.run.done("train", result)
    show_result(context.console, result)
    return result
