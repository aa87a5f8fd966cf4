"""`rollback`: the endpoint configuration before the present one, and the model card that belongs to it."""

import argparse
from typing import Any

from botocore.exceptions import ClientError

from cli.arguments import add_timeout_argument
from training.endpoint import alarms, scaling
from training.endpoint.changes import Endpoint
from training.endpoint.conversion import refuse_to_make_serverless
from training.models.model_card import earlier_model_cards, read_model_card, write_model_card
from training.project import inventory
from training.project.errors import TrainingError
from training.steps.context import Context

HELP = "return the endpoint to the configuration before the last deploy or ab"
TIMEOUT = "30m"  # as of `deploy`


class NothingBeforeError(TrainingError):
    """There is no earlier endpoint configuration that still exists: `deploy --model-data` serves another model."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step. Once more goes forward again: each of the two configurations is before the other.

    The endpoint may serve another configuration than the model card says: somebody was interrupted in between. If an
    earlier card is of what serves, that was a rollback, of which only the card is missing; if none is, something new
    was not proved, and what the present card is of was before it.

    Raises:
        NothingBeforeError: no configuration is before.
        ServerlessConversionError: the one before is serverless, and what serves is not.
        EndpointTakenError, EndpointStuckError, EndpointFailedError, RolledBackError: the endpoint cannot be moved.
    """
    endpoint = context.endpoint
    endpoint.check_ownership()
    serving = endpoint.in_service(options.timeout)["EndpointConfigName"]
    present = read_model_card(context.aws.ssm, context.names.model_card) or {}
    carded = present.get("endpoint_config", serving)
    card = _card_of(context, serving) if carded != serving else None
    if card is None:
        card = _card_before(context, serving)
        _move(context, endpoint, serving, card, present, options.timeout)
    write_model_card(context.aws.ssm, context.names, card)
    scaling.restore(context.aws.autoscaling, scaling.noted(context.run))
    for config in {serving, carded}:
        alarms.delete(context.aws.cloudwatch, context.names, config)
    context.run.forget("deploy")  # its result tells of another model than the one that serves
    context.console.print(
        f"The endpoint {context.names.endpoint} serves {card['endpoint_config']}, with its model "
        "card."
    )
    return {
        "endpoint": context.names.endpoint,
        "endpoint_config": card["endpoint_config"],
        "model_card": card,
    }


def _card_of(context: Context, config: str) -> dict[str, Any] | None:
    """The newest model card of a configuration; None if it never had one."""
    return next(
        (
            card
            for card in earlier_model_cards(context.aws.ssm, context.names.model_card)
            if card.get("endpoint_config") == config
        ),
        None,
    )


def _card_before(context: Context, serving: str) -> dict[str, Any]:
    """The newest model card of a configuration that is still there and not the one in service."""
    for card in earlier_model_cards(context.aws.ssm, context.names.model_card):
        config = card.get("endpoint_config", serving)
        if config != serving and _exists(context, config):
            return card
    raise NothingBeforeError


def _exists(context: Context, config: str) -> bool:
    try:
        context.aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as exc:
        if inventory.is_absent(exc):
            return False
        raise
    return True


def _move(
    context: Context,
    endpoint: Endpoint,
    serving: str,
    card: dict[str, Any],
    present: dict[str, Any],
    timeout: float,
) -> None:
    """Move the endpoint to the configuration of a card; the cards of all its variants, then and now, are known."""
    config, autoscaling = card["endpoint_config"], context.aws.autoscaling
    if endpoint.is_serverless(config):
        refuse_to_make_serverless(endpoint.name, endpoint.is_serverless(serving))
    if variants := card.get("variants", {}) | present.get("variants", {}):
        write_model_card(context.aws.ssm, context.names, present | {"variants": variants})
    scaled = scaling.describe(autoscaling, endpoint.name)
    scaling.deregister(
        autoscaling, scaled
    )  # SageMaker refuses another instance type while anything scales
    try:
        noted = scaling.noted(context.run)
        endpoint.roll_back(serving, config, "endpoint usage", scaled=bool(scaled or noted))
        endpoint.expect(config, timeout)
    finally:
        scaling.restore(autoscaling, scaled)
