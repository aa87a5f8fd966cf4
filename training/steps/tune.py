"""Search hyperparameters with a tuning job, and make its best model the run's model."""

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from training.jobs.follow import JobVanishedError, left_running
from training.jobs.log import JobLog, LogReader
from training.jobs.options import add_job_arguments
from training.jobs.plan import Plan, make_plan, with_key_arns
from training.jobs.preflight import preflight
from training.jobs.registration import register_trained
from training.jobs.source_archive import find_source, upload_source
from training.jobs.training_jobs import Jobs, SageMakerJobs
from training.jobs.training_report import show_result, train_result
from training.jobs.tuning_follow import follow_tuning, show_candidates
from training.jobs.tuning_jobs import SageMakerTuningJobs, TuningJobs, tuning_job_request
from training.jobs.tuning_search import DEFAULTS, Search
from training.project.encryption_keys import allow_keys
from training.project.errors import TrainingError
from training.steps.context import Context
from untrusted.terminal import print_json

HELP = "search hyperparameters with a SageMaker tuning job, and keep the best model"


class TuningFailedError(TrainingError):
    """Read the logs of its training jobs: the tuning job ended without a model."""


class TuningStoppedError(TrainingError):
    """The tuning job was stopped; the same command starts another tuning job."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of `train`, which apply to each training job, and the ranges."""
    add_job_arguments(parser)
    parser.usage = f"{parser.prog} [option ...]"
    parser.add_argument(
        "--ranges",
        type=Path,
        default=DEFAULTS,
        metavar="TOML",
        help="hyperparameter ranges to search (default: training/jobs/tuning.toml)",
    )


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Tune and register the best model; resume a tuning job in progress.

    Raises:
        SearchError: The ranges are invalid.
        TrainingError: A check failed before the job was created, or the job ended without a model.
    """
    search = Search.read(options.ranges)
    plan = make_plan(
        context.run,
        options,
        context.stack.find,
    )
    plan = with_key_arns(plan, context.aws.kms, context.console)
    largest = search.largest("mini_batch_size", plan.hyperparameters["mini_batch_size"])
    widest = replace(plan, hyperparameters={**plan.hyperparameters, "mini_batch_size": largest})
    preflight(context.aws, widest, context.console)
    jobs, tuning_jobs = SageMakerJobs(context.aws), SageMakerTuningJobs(context.aws)
    if options.dry_run:
        request = _request(context, plan, search, jobs)
        if not options.json:
            print_json(request)
        return request

    result = tune(context, plan, search, jobs, tuning_jobs, options.again)
    registry = context.registry
    registered = register_trained(
        registry, context.run, context.console, plan.dataset, plan.earlier_model
    )
    return result | {"model_package": registered["model_package"]}


def tune(
    context: Context,
    plan: Plan,
    search: Search,
    jobs: Jobs,
    tuning_jobs: TuningJobs,
    again: bool = False,
) -> dict[str, Any]:
    """Resume the tuning job of the same request, or start a job, and follow it."""
    facts = context.run.begin("tune", **plan.asked, search=search.config)
    name = str(facts.get("tuning_job") or "")
    earlier = tuning_jobs.describe(name) if name else None
    status = earlier["HyperParameterTuningJobStatus"] if earlier else None

    if status == "Completed" and not again:
        announcement = f"The tuning job {name} is completed. Use --again to tune again."
    elif status in ("InProgress", "Stopping"):
        announcement = f"Resuming the tuning job {name}."
    else:
        name = _start(context, plan, search, jobs, tuning_jobs)
        announcement = (
            f"Tuning job {name}: {search.jobs} training jobs on {plan.instance_type}, "
            f"{search.parallel_jobs} in parallel, over {', '.join(search.ranges)}."
        )

    stop = "aws sagemaker stop-hyper-parameter-tuning-job --hyper-parameter-tuning-job-name"
    stop = f"{stop} {name} --region {context.aws.region}"
    with left_running(context.console, announcement, "tuning job", stop):
        ended = follow_tuning(tuning_jobs, name, search.jobs, context.console)
    return _finish(context, plan, jobs, ended, tuning_jobs.candidates(name))


def _request(context: Context, plan: Plan, search: Search, jobs: Jobs) -> dict[str, Any]:
    name = context.names.short()
    image = jobs.image(plan.algorithm)
    return tuning_job_request(plan, search, name, image, context.names.tag_list, find_source(plan))


def _start(
    context: Context, plan: Plan, search: Search, jobs: Jobs, tuning_jobs: TuningJobs
) -> str:
    allow_keys(
        context.stack,
        plan.role,
        data=plan.kms_key,
        volumes=plan.volume_kms_key,
    )
    upload_source(context.aws.s3, plan)
    request = _request(context, plan, search, jobs)
    name = str(request["HyperParameterTuningJobName"])
    # Recorded before its creation, so that the same command finds it after any failure.
    context.run.note("tune", tuning_job=name)
    tuning_jobs.create(request)
    return name


def _finish(
    context: Context,
    plan: Plan,
    jobs: Jobs,
    job: Mapping[str, Any],
    candidates: list[dict[str, Any]],
) -> dict[str, Any]:
    name = job["HyperParameterTuningJobName"]
    best = job.get("BestTrainingJob")
    if job["HyperParameterTuningJobStatus"] == "Stopped":
        raise TuningStoppedError(f"{name}: {TuningStoppedError.__doc__}")
    if job["HyperParameterTuningJobStatus"] != "Completed" or not best:
        reason = job.get("FailureReason", "no training job reported its validation accuracy.")
        raise TuningFailedError(
            f"The tuning job {name} failed: {reason} {TuningFailedError.__doc__}"
        )

    show_candidates(candidates, context.console)
    trained = _adopt(context, plan, jobs, best["TrainingJobName"])
    result = {"tuning_job": name, "candidates": candidates, "best": trained}
    context.run.done("tune", result)
    return result


def _adopt(context: Context, plan: Plan, jobs: Jobs, name: str) -> dict[str, Any]:
    """Record the best training job as the result of the run's step `train`."""
    found = jobs.describe(name)
    if found is None:
        raise JobVanishedError(f"{name}: {JobVanishedError.__doc__}")

    # SageMaker adds hyperparameters of its own, such as _tuning_objective_metric, and a script has
    # some for its container.
    chosen = {
        key: value
        for key, value in found["HyperParameters"].items()
        if not key.startswith(("_", "sagemaker_"))
    }
    log = JobLog()
    log.read(LogReader(context.aws.logs, name).new_lines())
    result = train_result({**found, "HyperParameters": chosen}, log, plan.dataset)
    result |= {"model_digest": jobs.model_digest(result["model_data"])}
    context.run.begin("train", **replace(plan, hyperparameters=chosen).asked)
    context.run.note("train", training_job=name, checkpoints=None)
    context.run.done("train", result)
    show_result(context.console, result, charged=not context.aws.is_local)
    return result
