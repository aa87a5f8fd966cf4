"""`deploy`: serve the trained model from an endpoint, test and calibrate it, and write its model card."""

import argparse
import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from cli.arguments import whole
from cli.prices import Prices, add_prices_argument, per_hour, read_prices
from training.dataset.dataset import CALIBRATION, Dataset
from training.endpoint.alarms import alarm_requests
from training.endpoint.answers import AnswerFile, Classifier
from training.endpoint.changes import Endpoint
from training.endpoint.conversion import check_conversion
from training.endpoint.errors import SmokeTestError
from training.endpoint.hosting import Hosting, add_hosting_arguments
from training.endpoint.request import (
    VARIANT,
    endpoint_config_request,
    endpoint_request,
    model_request,
    scalable_target_request,
    scaling_policy_request,
)
from training.endpoint.rollout import Rollout
from training.endpoint.sam_command import sam_deploy_command
from training.endpoint.shadow import check_shadow_options, shadow
from training.endpoint.smoke_test import WORKERS, SmokeTestImages, calibrate, read_smoke_test_images, smoke_test
from training.endpoint.strategy import Strategy, add_strategy_arguments
from training.jobs.preflight import check_role
from training.models.deployed_card import deployed_model_card, with_what_was_chosen
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
from training.steps.context import Context

HELP = "serve the trained model from an endpoint, prove it, and write its model card"
TIMEOUT = 1800  # seconds; AWS takes 3 to 10 minutes as a rule


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_hosting_arguments(parser)
    add_strategy_arguments(parser)
    parser.add_argument("--shadow", action="store_true", help="only copy the requests to it, and compare the metrics")
    parser.add_argument("--model-data", metavar="URL", help="another model.tar.gz of the same classes")
    parser.add_argument("--role", metavar="ARN", help="role that SageMaker works as (that of the training job)")
    parser.add_argument("--timeout", type=whole(1, 86400), default=TIMEOUT, metavar="SECONDS", help="(%(default)s)")
    parser.add_argument("--take-over", action="store_true", help="replace an endpoint that somebody else made")
    parser.add_argument("--dry-run", action="store_true", help="print the requests, make nothing")
    add_prices_argument(parser)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step.

    Raises:
        StepNotDoneError: there is no dataset, or no model.
        HostingOptionsError, UnknownInstanceTypeError, KeyUnusableError, PriceFileError: what is
            asked cannot be.
        OtherDatasetError, EndpointTakenError, ServerlessEndpointError, ServerlessConversionError,
            OtherClassesError, AlarmRingingError, RoleMissingError, ModelMissingError,
            BadModelArchiveError, ModelChangedError, ModelCardTooLargeError: found before anything
            is made.
        EndpointStuckError, EndpointFailedError, RolledBackError, QuotaExceededError: SageMaker does not bring it about.
        SmokeTestError, ModelMissingError, BadModelArchiveError, ModelChangedError: it was taken back.
    """
    if options.shadow:
        check_shadow_options(options)
    dataset = Dataset.of(context.run)
    model = TrainedModel.of(context.run, options.model_data, options.role)
    dataset.require(model.data_digest)
    hosting = Hosting.of(options, dataset.bucket, _instance_types(context))
    hosting = replace(hosting, kms_key=key_arn(context.aws.kms, hosting.kms_key, context.console))
    strategy = Strategy.of(options, hosting)
    prices = read_prices(options.prices)
    endpoint = Endpoint.of_stage(context.aws.sagemaker, context.names, context.console)
    found = endpoint.find()
    check_conversion(endpoint, found, hosting, strategy)
    if options.dry_run:
        return _show_requests(endpoint, found is not None, model, hosting, strategy, prices)
    if not options.take_over:
        endpoint.check_ownership()
    if found:
        require_same_classes(read_model_card(context.aws.ssm, context.names.model_card), model.labels)
    check_role(context.aws.iam, model.role, context.console)
    archive = inspect_archive(context.aws.s3, model.model_data)
    archive.require(model.model_digest)
    if options.shadow:
        return shadow(context.aws, endpoint, context.run, model, options.timeout)
    place = _place(hosting, context.names.dated(datetime.now(UTC)))
    deployed_model_card(endpoint.name, dataset, model, archive, 1.0, **place)  # it may be too large: fail early
    images = read_smoke_test_images(context.aws.s3, dataset)
    asked = hosting.asked | {"model_data": model.model_data, "image": model.image, "role": model.role}
    context.run.begin("deploy", **asked)
    attempt = context.run.attempt("deploy")
    rollout = Rollout(context.aws, endpoint, hosting, model, options.timeout, attempt, strategy)
    captured_by = hosting.kms_key if hosting.capture_url else None
    allow_keys(
        context.aws.cloudformation,
        context.names.training_stack,
        model.role,
        context.console,
        data=captured_by,
        volumes=hosting.kms_key,
    )
    rollout.serve()
    tested, card = _test(context, rollout, dataset, images, archive)
    write_model_card(context.aws.ssm, context.names, card)
    rollout.finish()
    result = _result(context.names, rollout, tested, card, prices)
    context.run.done("deploy", result)
    _show(context, hosting, result, prices)
    return result


def _test(
    context: Context, rollout: Rollout, dataset: Dataset, images: SmokeTestImages, archive: ModelArchive
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Smoke test and model card of what is in service now; roll back if it fails the test.

    From here until the card is written, and a minute longer in functions that have read the old one, the new model's
    answers are read with the labels and the temperature of the old card: the answers of a canary do not tell by which
    model they are. With the same classes that is a confidence a little off. That is why everything else comes before or
    after, and why a model of other classes is refused.
    """
    try:
        classifier = Classifier(context.aws, rollout.endpoint.name, dataset, context.console, WORKERS)
        tested = smoke_test(classifier, images.known)
        calibration = calibrate(classifier, images.calibration)
        # SageMaker checks no digest: what is the same before and after it was loaded is what was loaded.
        inspect_archive(context.aws.s3, rollout.model.model_data).require(archive.digest)
    except (SmokeTestError, ModelMissingError, BadModelArchiveError, ModelChangedError):
        rollout.move_back()
        raise
    tested |= {"calibration_images": len(calibration.answers), "calibration_accuracy": calibration.accuracy}
    place = _place(rollout.hosting, rollout.name)
    fitted = deployed_model_card(
        rollout.endpoint.name, dataset, rollout.model, archive, calibration.temperature, **place
    )
    card = with_what_was_chosen(fitted, read_model_card(context.aws.ssm, context.names.model_card) or {})
    # `threshold` asks for the same answers: it finds them there.
    served = ServedModel(context.names.endpoint, rollout.name, None, card, dataset.digest)
    AnswerFile.of_split(context.run.folder, CALIBRATION, served.subject).replace(calibration.answers)
    return tested, card


def _place(hosting: Hosting, config: str) -> dict[str, str | bool]:
    return {"variant": VARIANT, "endpoint_config": config, "serverless": hosting.is_serverless}


def _result(
    names: Names, rollout: Rollout, tested: dict[str, Any], card: dict[str, Any], prices: Prices
) -> dict[str, Any]:
    hosting = rollout.hosting
    hourly = prices.instances(hosting.instance_type, hosting.instances) if hosting.instance_type else 0.0
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


def _show(context: Context, hosting: Hosting, result: dict[str, Any], prices: Prices) -> None:
    from training.statistics.acceptance import show_threshold  # it brings numpy: not to show the help

    tested, card, say = result["smoke_test"], result["model_card"], context.console.print
    say(
        f"Smoke test: {tested['right']} of {tested['images']} training images right, "
        f"{tested['calibration_accuracy']:.1%} of {tested['calibration_images']} calibration images. "
        f"Temperature {card['temperature']:.3f}."
    )
    say(f"Model card: {result['model_card_parameter']} ({', '.join(card['labels'])}; {card['backbone']})")
    if card["recommended_threshold"] is None:
        say("Its threshold is a guess until `python -m training threshold --precision 0.99` has chosen one from data.")
    else:
        threshold = show_threshold(card["recommended_threshold"])
        say(f"Its threshold, {threshold}, was chosen for the same model before, and stays.")
    say(f"Cost: {_cost(hosting, prices)}. `python -m training cleanup` ends it.")
    say(f"Next: {result['deploy_command']}")


def _cost(hosting: Hosting, prices: Prices) -> str:
    if hosting.instance_type is None:
        second = (hosting.memory_mb or 0) / 1024 * prices.serverless_gb_second
        return f"${second:.6f} per second of work, nothing while there is none ({prices.basis})"
    hourly = prices.instances(hosting.instance_type, hosting.instances)
    cost = f"{per_hour(hourly)} per hour for {hosting.instances} {hosting.instance_type}"
    if hosting.scaling:
        most = prices.instances(hosting.instance_type, hosting.scaling.largest)
        cost += f", up to {per_hour(most)} for {hosting.scaling.largest}"
    return f"{cost} ({prices.basis})"


def _show_requests(
    endpoint: Endpoint,
    exists: bool,
    model: TrainedModel,
    hosting: Hosting,
    strategy: Strategy | None,
    prices: Prices,
) -> dict[str, Any]:
    own, tags = endpoint.name, endpoint.names.tag_list
    name = f"{endpoint.names.service}-{endpoint.names.run}-<date>"
    requests: dict[str, Any] = {
        "CreateModel": model_request(name, model, model.role, tags),
        "CreateEndpointConfig": endpoint_config_request(name, hosting, tags),
    }
    if exists:
        requests["UpdateEndpoint"] = {"EndpointName": own, "EndpointConfigName": name}
        if strategy:
            requests["PutMetricAlarm"] = alarm_requests(own, name, None, tags)
            watching = [request["AlarmName"] for request in requests["PutMetricAlarm"]]
            requests["UpdateEndpoint"] |= strategy.request(watching)
    else:
        requests["CreateEndpoint"] = endpoint_request(own, name, tags)
    if hosting.scaling:
        requests["RegisterScalableTarget"] = scalable_target_request(own, hosting.scaling)
        requests["PutScalingPolicy"] = scaling_policy_request(own, hosting.scaling)
    endpoint.console.print(*json.dumps(requests, indent=2).splitlines(), sep="\n")
    endpoint.console.print(f"Cost: {_cost(hosting, prices)}.")
    return {"dry_run": True, "requests": requests}


def _instance_types(context: Context) -> list[str]:
    shape: Any = context.aws.sagemaker.meta.service_model.shape_for("ProductionVariantInstanceType")
    return list(shape.enum)
