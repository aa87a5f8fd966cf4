"""Delete the resources with an hourly price and their parts, and list the retained resources."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.arguments import add_timeout_argument
from cli.aws import code_of
from cli.confirmation import add_confirmation_arguments, confirmed
from training.endpoint import alarms, scaling
from training.endpoint.changes import Endpoint
from training.models.class_list import class_list_parameters
from training.project import inventory
from training.steps.context import Context

HELP = "delete the endpoint and everything that belongs to it"
TIMEOUT = "15m"  # AWS takes a minute or two to delete an endpoint


@dataclass(frozen=True)
class Deletion:
    """A resource to delete, and the call that deletes it."""

    kind: str
    name: str
    delete: Callable[[], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    add_confirmation_arguments(parser)
    add_timeout_argument(parser, TIMEOUT)


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Show what would be deleted, ask, and delete it. An interrupted cleanup can be run again.

    Raises:
        ConfirmationMissingError: The question needs a terminal or --yes.
    """
    say = context.console.print
    endpoint = context.endpoint
    found = endpoint.find()
    if found and not inventory.is_ours(context.aws.sagemaker, context.names, found["EndpointArn"]):
        say(f"The endpoint {endpoint.name} does not have this project's tags, and is retained.")
    deletions = list(_deletions(context, endpoint, options.timeout))
    for deletion in deletions:
        say(f"To delete: the {deletion.kind} {deletion.name}")

    if not deletions:
        say("There is nothing to delete.")
    question = f"Delete {len(deletions)} resources?"
    agreed = bool(deletions) and confirmed(context.console, options, question)
    if agreed:
        deletions = _delete(context, endpoint, options.timeout)

    retained = _retained(context)
    say("Retained:")
    for resource, command in retained.items():
        say(f"  {resource}: {command}")

    listed = [{"kind": deletion.kind, "name": deletion.name} for deletion in deletions]
    return {
        "dry_run": not agreed and bool(deletions),
        "deleted" if agreed or not deletions else "would_delete": listed,
        "retained": retained,
    }


def _delete(context: Context, endpoint: Endpoint, timeout: float) -> list[Deletion]:
    """Delete the resources, and return them. SageMaker cannot delete an endpoint that changes."""
    endpoint.settled(timeout)
    # The end of a change may have replaced some resources.
    deletions = list(_deletions(context, endpoint, timeout))
    for deletion in deletions:
        context.console.print(f"Deleting the {deletion.kind} {deletion.name}")
        deletion.delete()
    for step in ("deploy", "ab", "shadow"):
        context.run.forget(step)
    return deletions


def _deletions(context: Context, endpoint: Endpoint, timeout: float) -> Iterator[Deletion]:
    """Yield the project's resources in the order in which SageMaker can delete them."""
    sagemaker, autoscaling, names = context.aws.sagemaker, context.aws.autoscaling, context.names
    found = endpoint.find()
    ours = found is None or inventory.is_ours(sagemaker, names, found["EndpointArn"])
    if ours:
        for target in scaling.describe(autoscaling, endpoint.name):
            yield Deletion(
                "auto-scaling of",
                target["ResourceId"],
                partial(scaling.deregister, autoscaling, [target]),
            )
    if found and ours:
        yield Deletion("endpoint", endpoint.name, partial(endpoint.delete, timeout))
    for name in inventory.comparison_endpoints(sagemaker, names):
        yield Deletion("endpoint", name, partial(sagemaker.delete_endpoint, EndpointName=name))
    used_by_others = found["EndpointConfigName"] if found and not ours else None
    for name in inventory.endpoint_configs(sagemaker, names):
        if name != used_by_others:
            delete = partial(sagemaker.delete_endpoint_config, EndpointConfigName=name)
            yield Deletion("endpoint configuration", name, delete)
    for name in inventory.models(sagemaker, names):
        yield Deletion("model", name, partial(sagemaker.delete_model, ModelName=name))
    cloudwatch = context.aws.cloudwatch
    for alarm in inventory.alarms(cloudwatch, endpoint.name):
        # Alarms of target tracking lack the project's tags: AWS deletes them with auto-scaling.
        if alarms.is_ours(cloudwatch, names, alarm["AlarmArn"]):
            name = alarm["AlarmName"]
            yield Deletion("alarm", name, partial(cloudwatch.delete_alarms, AlarmNames=[name]))
    yield from _model_card(context)


def _model_card(context: Context) -> Iterator[Deletion]:
    """Yield the model card, then its class lists, which an interrupted cleanup finds again."""
    card = context.names.model_card
    parts = list(class_list_parameters(context.aws.ssm, card))
    yield from _parameter(context, "model card", card)
    for name in parts:
        yield from _parameter(context, "part of a class list", name)


def _parameter(context: Context, kind: str, name: str) -> Iterator[Deletion]:
    ssm = context.aws.ssm
    try:
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    except ClientError as exc:
        if code_of(exc) != "InvalidResourceId":  # the parameter does not exist
            raise
        return

    if inventory.carries_our_tags(context.names, tags):
        yield Deletion(kind, name, partial(ssm.delete_parameter, Name=name))


def _retained(context: Context) -> dict[str, str]:
    """Return the retained resources, each with the command that deletes or lists them."""
    names = context.names
    log_group = f"/aws/sagemaker/Endpoints/{names.endpoint}"
    packages = f"aws sagemaker list-model-packages --model-package-group-name {names.service}"
    retained = {
        "stack of the service": f"sam delete --stack-name {names.service}",
        "log of the endpoint": f"aws logs delete-log-group --log-group-name {log_group}",
        "training jobs": "records without a price; a job in progress costs money until it ends",
        "model registry": f"records of trained models and promotions: {packages}",
    }

    if bucket := context.stack.bucket_of(context.run):
        retained["datasets"] = f"aws s3 rm --recursive s3://{bucket}/datasets/{names.service}/"
        retained["models, checkpoints, captured data, archives and algorithms"] = (
            f"in s3://{bucket}, of all projects that use this bucket"
        )
    if stack := context.stack.find():
        retained["the bucket with all its objects"] = f"aws s3 rb s3://{stack.bucket} --force"
        retained["stack of the bucket and the role"] = (
            f"aws cloudformation delete-stack --stack-name {names.training_stack}"
        )
    return retained
