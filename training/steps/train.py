"""Train on the staged dataset, with SageMaker's built-in algorithm or with our own."""

import argparse
from typing import Any

from training.dataset.dataset import TRAIN
from training.jobs.follow import check_completed, follow, left_running
from training.jobs.options import add_job_arguments
from training.jobs.plan import Plan, make_plan, with_key_arns
from training.jobs.preflight import preflight
from training.jobs.registration import register_trained
from training.jobs.source_archive import find_source, upload_source
from training.jobs.training_jobs import JobNameTakenError, Jobs, SageMakerJobs
from training.jobs.training_report import dry_run_price, show_result, train_result
from training.jobs.training_request import training_job_request
from training.project.encryption_keys import allow_keys
from training.steps.context import Context
from untrusted.terminal import print_json

HELP = "train a model on the staged dataset with a SageMaker training job"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.usage = f"{parser.prog} [option ...]"
    add_job_arguments(parser)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Train and register a model; resume a job in progress; do nothing if the run has the model.

    Raises:
        TrainingError: A check failed before the job was created, or the job did not complete.
    """
    plan = make_plan(
        context.run,
        options,
        context.stack.find,
    )
    plan = with_key_arns(plan, context.aws.kms, context.console)
    preflight(context.aws, plan, context.console)
    jobs = SageMakerJobs(context.aws)
    if options.dry_run:
        request = make_request(context, plan, jobs, checkpoints=None)
        if not options.json:
            print_json(request)
        context.console.print(dry_run_price(plan, charged=not context.aws.is_local))
        return request

    train(context, plan, jobs, options.again)
    registry = context.registry
    return register_trained(
        registry, context.run, context.console, plan.dataset, plan.earlier_model
    )


def train(context: Context, plan: Plan, jobs: Jobs, again: bool = False) -> dict[str, Any]:
    """Resume the job of the same request, or start a job, and follow it to its end."""
    facts = context.run.begin("train", **plan.asked)
    name = str(facts.get("training_job") or "")
    known = context.run.find("train")
    earlier = jobs.describe(name) if name else None
    status = earlier["TrainingJobStatus"] if earlier else None
    if status == "Completed" and not again:
        context.console.print("The run already has this model. Use --again to train again.")
        if known and known["training_job"] == name:
            return _done(context, known)
        announcement = f"Reading the log of {name}."
    elif status in ("InProgress", "Stopping"):
        announcement = f"Resuming the training job {name}."
    else:
        checkpoints = facts.get("checkpoints") if status == "Stopped" and not again else None
        start = ", from the checkpoints of the stopped job" if checkpoints else ""
        name = _start(context, plan, jobs, checkpoints)
        announcement = (
            f"Training job {name} on {plan.instance_type}: {plan.hyperparameters['epochs']} epochs "
            f"of {plan.dataset.size(TRAIN)} images in {len(plan.dataset.labels)} classes{start}."
        )
    return _finish(context, plan, jobs, name, announcement)


def _start(context: Context, plan: Plan, jobs: Jobs, checkpoints: str | None) -> str:
    allow_keys(
        context.stack,
        plan.role,
        data=plan.kms_key,
        volumes=plan.volume_kms_key,
    )
    upload_source(context.aws.s3, plan)
    with context.console.status("creating the training job"):
        request = make_request(context, plan, jobs, checkpoints)
        name = str(request["TrainingJobName"])
        # Recorded before its creation, so that the same command finds it after any failure.
        context.run.note(
            "train", training_job=name, checkpoints=request["CheckpointConfig"]["S3Uri"]
        )
        try:
            jobs.create(request)
        except JobNameTakenError:
            context.run.note("train", training_job=None)  # the job belongs to another run
            raise
    return name


def make_request(
    context: Context, plan: Plan, jobs: Jobs, checkpoints: str | None
) -> dict[str, Any]:
    """Return the request for a job with a new name, and with earlier checkpoints or its own."""
    name = context.names.dated()
    own = f"s3://{plan.dataset.bucket}/checkpoints/{name}/"
    return training_job_request(
        plan,
        name,
        jobs.image(plan.algorithm),
        checkpoints or own,
        context.names.tag_list,
        find_source(plan),
    )


def _finish(
    context: Context, plan: Plan, jobs: Jobs, name: str, announcement: str
) -> dict[str, Any]:
    stop = (
        f"aws sagemaker stop-training-job --training-job-name {name} --region {context.aws.region}"
    )
    with left_running(context.console, announcement, "training job", stop):
        epochs = int(plan.hyperparameters["epochs"])
        job, log = follow(jobs, name, epochs, context.aws.logs, context.console)
    check_completed(job, log)
    result = train_result(job, log, plan.dataset)
    return _done(context, result | {"model_digest": jobs.model_digest(result["model_data"])})


def _done(context: Context, result: dict[str, Any]) -> dict[str, Any]:
    context.run.done("train", result)
    show_result(context.console, result, charged=not context.aws.is_local)
    return result
