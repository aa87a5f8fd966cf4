"""Roll the endpoint back to its other configuration, with the model card of that configuration."""

import argparse
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from cli.arguments import add_timeout_argument
from cli.confirmation import add_confirmation_arguments, confirmed
from training.endpoint import alarms, scaling
from training.endpoint.changes import Endpoint
from training.endpoint.conversion import refuse_to_make_serverless
from training.endpoint.next_model import NEXT, with_next
from training.models.model_card import earlier_model_cards, read_model_card, write_model_card
from training.project import inventory
from training.project.errors import TrainingError
from training.steps.context import Context

HELP = "return the endpoint to the configuration before the last deploy or ab"
TIMEOUT = "30m"  # as for `deploy`


class NothingBeforeError(TrainingError):
    """Use `scones deploy --model-data` for another model: no earlier configuration exists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_confirmation_arguments(parser)
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Roll back the endpoint. A second rollback returns to the newer configuration and asks first.

    After an interruption the endpoint may serve another configuration than the model card names. If
    an earlier card belongs to the served configuration, a rollback lacks only this card. Otherwise
    a new configuration did not pass its smoke test, and the present card is of the one before it.

    Raises:
        NothingBeforeError: No other configuration exists.
        ClassListError: The class names of the other configuration's model card are missing.
        ConfirmationMissingError: A return to the newer configuration needs --yes without a
            terminal.
        ServerlessConversionError: The endpoint would move from instances to serverless.
        EndpointTakenError: The endpoint does not belong to the project.
        EndpointStuckError: The change takes longer than the timeout.
        EndpointFailedError: The endpoint failed.
        RolledBackError: SageMaker rolled back the change.
    """
    endpoint = context.endpoint
    endpoint.check_ownership()
    serving = endpoint.in_service(options.timeout)["EndpointConfigName"]
    present = read_model_card(context.aws.ssm, context.names.model_card) or {}
    carded = present.get("endpoint_config", serving)

    card = _card_of(context, serving) if carded != serving else None
    if card is None:
        card = _card_before(context, serving)
        if not _agreed(context, options, card, present if carded == serving else {}):
            return _result(context, present, dry_run=True)
        _move(context, endpoint, serving, card, present, options.timeout)

    card = {name: value for name, value in card.items() if name != NEXT}
    write_model_card(context.aws.ssm, context.names, card)
    scaling.restore(context.aws.autoscaling, scaling.noted(context.run))
    for config in {serving, carded}:
        alarms.delete(context.aws.cloudwatch, context.names, config)
    context.run.forget("deploy")  # its result describes another model than the served one

    context.console.print(
        f"The endpoint {context.names.endpoint} serves {describe_model(card)}, with its model card."
    )
    return _result(context, card)


def _agreed(
    context: Context,
    options: argparse.Namespace,
    card: Mapping[str, Any],
    present: Mapping[str, Any],
) -> bool:
    """Show the direction of the rollback, and ask before a return to a newer configuration."""
    is_forward = bool(present) and _age(card) > _age(present)
    direction = "Forward to" if is_forward else "Back to"
    context.console.print(f"{direction} {describe_model(card)}.")
    if present:
        context.console.print(f"The endpoint serves {describe_model(present)} now.")

    if not is_forward and not options.dry_run:
        return True
    question = "This undoes an earlier rollback. Serve the newer model again?"
    return confirmed(context.console, options, question)


def _age(card: Mapping[str, Any]) -> tuple[str, str]:
    """Return a sort key by time; dated configuration names decide within a second."""
    return str(card.get("created_at", "")), str(card.get("endpoint_config", ""))


def describe_model(card: Mapping[str, Any]) -> str:
    """Return a model's digest, the time of its model card, and its configuration, for people."""
    digest = str(card.get("model_digest", "unknown")).removeprefix("sha256:")[:12]
    moment = str(card.get("created_at", "an unknown time")).replace("T", " ")[:16]
    return f"model {digest} from {moment} UTC ({card.get('endpoint_config', 'unknown')})"


def _result(context: Context, card: Mapping[str, Any], *, dry_run: bool = False) -> dict[str, Any]:
    result = {
        "endpoint": context.names.endpoint,
        "endpoint_config": card.get("endpoint_config"),
        "model_card": dict(card),
    }
    return {"dry_run": True, **result} if dry_run else result


def _card_of(context: Context, config: str) -> dict[str, Any] | None:
    """Return the newest model card of a configuration, None without one."""
    return next(
        earlier_model_cards(
            context.aws.ssm,
            context.names.model_card,
            lambda card: card.get("endpoint_config") == config,
        ),
        None,
    )


def _card_before(context: Context, serving: str) -> dict[str, Any]:
    """Return the newest model card of an existing configuration that is not in service.

    Raises:
        NothingBeforeError: No other configuration exists.
    """

    def is_before(card: dict[str, Any]) -> bool:
        config = card.get("endpoint_config", serving)
        return config != serving and _exists(context, config)

    before = next(earlier_model_cards(context.aws.ssm, context.names.model_card, is_before), None)
    if before is None:
        raise NothingBeforeError
    return before


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
    """Move the endpoint to a card's configuration, after storing what may answer in the card."""
    config = card["endpoint_config"]
    autoscaling = context.aws.autoscaling
    if endpoint.is_serverless(config):
        refuse_to_make_serverless(endpoint.name, endpoint.is_serverless(serving))
    both = with_next(present, card)
    if variants := card.get("variants", {}) | present.get("variants", {}):
        both["variants"] = variants
    if both != present:
        write_model_card(context.aws.ssm, context.names, both)
    scaled = scaling.describe(autoscaling, endpoint.name)
    # SageMaker refuses another instance type while auto-scaling is active.
    scaling.deregister(autoscaling, scaled)
    try:
        noted = scaling.noted(context.run)
        endpoint.roll_back(serving, config, "endpoint usage", scaled=bool(scaled or noted))
        endpoint.expect(config, timeout)
    finally:
        scaling.restore(autoscaling, scaled)
