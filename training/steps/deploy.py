"""Serve the trained model from an endpoint, test and calibrate it, and write its model card."""

import argparse
from dataclasses import replace
from typing import Any

from cli.arguments import add_timeout_argument
from cli.prices import Prices, add_prices_argument, read_prices
from training.dataset.dataset import CALIBRATION, Dataset
from training.endpoint.answers import AnswerFile, Classifier
from training.endpoint.conversion import check_conversion
from training.endpoint.errors import SmokeTestError
from training.endpoint.hosting import Hosting, add_hosting_arguments
from training.endpoint.next_model import announced
from training.endpoint.request import (
    VARIANT,
)
from training.endpoint.rollout import Rollout
from training.endpoint.sam_command import sam_deploy_command
from training.endpoint.shadow import check_shadow_options, shadow
from training.endpoint.smoke_testing import (
    WORKERS,
    SmokeTestImages,
    calibrate,
    read_smoke_test_images,
    smoke_test,
)
from training.endpoint.strategy import Strategy, add_strategy_arguments
from training.jobs.preflight import check_role
from training.models.containers import algorithm_of
from training.models.deployed_card import deployed_model_card, with_chosen_members
from training.models.model_card import (
    BadModelArchiveError,
    ModelArchive,
    ModelChangedError,
    ModelMissingError,
    inspect_archive,
    read_model_card,
    require_same_classes,
    write_model_card,
)
from training.models.served_model import ServedModel
from training.models.trained_model import TrainedModel
from training.project.encryption_keys import allow_keys, key_arn
from training.project.naming import Names
from training.reports.deployment_summary import Wanted, show, show_requests
from training.steps.context import Context

HELP = "serve the trained model from an endpoint, run a smoke test, and write its model card"
TIMEOUT = "30m"  # AWS usually takes 3 to 10 minutes


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_hosting_arguments(parser)
    add_strategy_arguments(parser)
    add = parser.add_argument
    add(
        "--shadow",
        action="store_true",
        help="send the model copies of the requests, and compare its metrics",
    )
    add(
        "--model-data",
        metavar="URL",
        help="another model.tar.gz of the same classes (default: the run's model)",
    )
    add("--role", metavar="ARN", help="IAM role for SageMaker (default: the training job's role)")
    add_timeout_argument(parser, TIMEOUT)
    add("--take-over", action="store_true", help="replace an endpoint without this project's tags")
    add("--dry-run", action="store_true", help="print the requests, and change nothing")
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Check the request, then change the endpoint; roll back if the smoke test fails.

    Raises:
        StepNotDoneError: The run has no dataset or no model.
        HostingOptionsError: The options contradict each other.
        UnknownInstanceTypeError: SageMaker does not know the instance type.
        KeyUnusableError: The KMS key does not exist, or SageMaker cannot use it.
        PriceFileError: The price file is invalid.
        OtherDatasetError: The model was trained on another dataset.
        EndpointTakenError: The endpoint does not belong to the project.
        ServerlessEndpointError: A serverless endpoint does not support the change.
        ServerlessConversionError: The endpoint would move from instances to serverless.
        OtherClassesError: The endpoint serves other classes.
        AlarmActiveError: An alarm of the update is in ALARM before the update.
        RoleMissingError: The role does not exist.
        ModelMissingError: The model archive does not exist.
        BadModelArchiveError: The model archive is invalid.
        ModelChangedError: The model archive has changed, maybe during the deployment.
        OtherAlgorithmError: The model archive is of the other algorithm.
        ModelCardTooLargeError: The model card does not fit into SSM parameters.
        EndpointStuckError: The change takes longer than the timeout.
        EndpointFailedError: The endpoint failed.
        RolledBackError: SageMaker rolled back the change.
        QuotaExceededError: A quota of the account is exceeded.
        SmokeTestError: The model failed the smoke test, and the endpoint was rolled back.
    """
    if options.shadow:
        check_shadow_options(options)

    wanted = _wanted(context, options)
    found = context.endpoint.find()
    check_conversion(context.endpoint, found, wanted.hosting, wanted.strategy)
    if options.dry_run:
        return show_requests(context.endpoint, found is not None, wanted)

    archive = _check(context, options, wanted.model, found is not None)
    # The container of our algorithm gets the digest as a variable.
    wanted = replace(wanted, model=replace(wanted.model, model_digest=archive.digest))
    if options.shadow:
        return shadow(context.aws, context.endpoint, context.run, wanted.model, options.timeout)
    return _roll_out(context, wanted, archive, options.timeout)


def _wanted(context: Context, options: argparse.Namespace) -> Wanted:
    """Combine the run's results and the options. Raises as `run`."""
    dataset = Dataset.of(context.run)
    model = TrainedModel.of(context.run, options.model_data, options.role)
    dataset.require(model.data_digest)
    hosting = Hosting.of(options, dataset.bucket, _instance_types(context))
    hosting = replace(hosting, kms_key=key_arn(context.aws.kms, hosting.kms_key, context.console))
    return Wanted(
        dataset,
        model,
        hosting,
        Strategy.of(options, hosting),
        read_prices(options.prices, charged=not context.aws.is_local),
    )


def _check(
    context: Context, options: argparse.Namespace, model: TrainedModel, exists: bool
) -> ModelArchive:
    """Refuse an invalid deployment before any change, and return the archive. Raises as `run`."""
    if not options.take_over:
        context.endpoint.check_ownership()
    if exists:
        require_same_classes(
            read_model_card(context.aws.ssm, context.names.model_card), model.labels
        )
    check_role(context.aws.iam, model.role, context.console)
    archive = inspect_archive(context.aws.s3, model.model_data)
    archive.require(model.model_digest)
    archive.require_algorithm(algorithm_of(model.image))
    return archive


def _roll_out(
    context: Context, wanted: Wanted, archive: ModelArchive, timeout: float
) -> dict[str, Any]:
    """Serve the model, test it, and write its card. Raises as `run`."""
    dataset, model, hosting = wanted.dataset, wanted.model, wanted.hosting
    place = _place(hosting, context.names.dated())
    # Build the card once before any change, so that a too large card fails early.
    expected = deployed_model_card(context.names.endpoint, dataset, model, archive, 1.0, **place)
    images = read_smoke_test_images(context.aws.s3, dataset)

    asked = hosting.asked | {
        "model_data": model.model_data,
        "image": model.image,
        "role": model.role,
    }
    context.run.begin("deploy", **asked)
    attempt = context.run.attempt("deploy")
    rollout = Rollout(
        context.aws, context.endpoint, hosting, model, timeout, attempt, wanted.strategy
    )
    captured_by = hosting.kms_key if hosting.capture_url else None
    allow_keys(context.stack, model.role, data=captured_by, volumes=hosting.kms_key)
    with announced(context.aws.ssm, context.names, expected):
        rollout.serve()
        tested, card = _test(context, rollout, dataset, images, archive)
    write_model_card(context.aws.ssm, context.names, card)
    rollout.finish()

    result = _result(context.names, rollout, tested, card, wanted.prices)
    context.run.done("deploy", result)
    show(context.console, context.names, hosting, result, wanted.prices)
    return result


def _test(
    context: Context,
    rollout: Rollout,
    dataset: Dataset,
    images: SmokeTestImages,
    archive: ModelArchive,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Test the served model and build its model card; roll back if the smoke test fails.

    Until the new card is written, the functions read the new model's answers with the labels and
    the temperature of the old card. Functions with a cached card do so for a minute longer. Only
    verbose answers name their model, and so do their records. With the same classes, only the
    confidence is a little off. Hence this part is as short as possible, and a model of other
    classes is refused.
    """
    try:
        classifier = Classifier(
            context.aws, rollout.endpoint.name, dataset, context.console, WORKERS
        )
        tested = smoke_test(classifier, images.known)
        calibration = calibrate(classifier, images.calibration)
        # SageMaker checks no digest. If the archive has the same digest before and after SageMaker
        # loaded it, SageMaker loaded this archive.
        inspect_archive(context.aws.s3, rollout.model.model_data).require(archive.digest)
    except (SmokeTestError, ModelMissingError, BadModelArchiveError, ModelChangedError):
        rollout.roll_back()
        raise
    tested |= {
        "calibration_images": len(calibration.answers),
        "calibration_accuracy": calibration.accuracy,
    }
    place = _place(rollout.hosting, rollout.name)
    fitted = deployed_model_card(
        rollout.endpoint.name, dataset, rollout.model, archive, calibration.temperature, **place
    )
    card = with_chosen_members(
        fitted, read_model_card(context.aws.ssm, context.names.model_card) or {}
    )
    # `threshold` needs the same answers and reads them from this file.
    served = ServedModel(context.names.endpoint, rollout.name, None, card, dataset.digest)
    AnswerFile.of_split(context.run.folder, CALIBRATION, served.subject).replace(
        calibration.answers
    )
    return tested, card


def _place(hosting: Hosting, config: str) -> dict[str, str | bool]:
    return {"variant": VARIANT, "endpoint_config": config, "serverless": hosting.is_serverless}


def _result(
    names: Names, rollout: Rollout, tested: dict[str, Any], card: dict[str, Any], prices: Prices
) -> dict[str, Any]:
    hosting = rollout.hosting
    hourly = (
        prices.instances(hosting.instance_type, hosting.instances) if hosting.instance_type else 0.0
    )
    return {
        "endpoint": names.endpoint,
        "endpoint_config": rollout.name,
        "model": rollout.name,
        "variant": VARIANT,
        "mode": hosting.mode,
        "instance_type": hosting.instance_type,
        "replaced": rollout.replaced,
        "model_card_parameter": names.model_card,
        "model_card": card,
        "smoke_test": tested,
        "deploy_command": sam_deploy_command(names),
        "dollars_per_hour": hourly,
    }


def _instance_types(context: Context) -> list[str]:
    shape: Any = context.aws.sagemaker.meta.service_model.shape_for("ProductionVariantInstanceType")
    return list(shape.enum)
