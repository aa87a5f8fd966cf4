"""`cleanup`: delete what costs money by the hour, and what belongs to it; say what is kept."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from botocore.exceptions import ClientError

from cli.arguments import whole
from cli.aws import code_of
from training.endpoint import alarms, scaling
from training.endpoint.changes import Endpoint
from training.project import inventory
from training.steps.context import Context

HELP = (
    "delete the endpoint and what belongs to it; shows what it would delete unless --yes is given"
)
TIMEOUT = 900  # seconds; AWS takes a minute or two to delete an endpoint


@dataclass(frozen=True)
class Deletion:
    """Something that is to be deleted, and how."""

    kind: str
    name: str
    delete: Callable[[], object]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the step's own options."""
    parser.add_argument("--yes", action="store_true", help="really delete")
    parser.add_argument(
        "--timeout", type=whole(1, 86400), default=TIMEOUT, metavar="SECONDS", help="(%(default)s)"
    )


def run(context: Context, options: argparse.Namespace) -> dict[str, Any]:
    """Do the step. What it has deleted before an interruption is gone, and the next call does the rest."""
    say = context.console.print
    endpoint = context.endpoint
    if options.yes:
        endpoint.settled(
            options.timeout
        )  # while it is being changed, SageMaker refuses to delete it
    deletions = list(_deletions(context, endpoint, options.timeout))
    for deletion in deletions:
        say(f"{'Deleting' if options.yes else 'Would delete'} the {deletion.kind} {deletion.name}")
        if options.yes:
            deletion.delete()
    if options.yes:
        for step in ("deploy", "ab", "shadow"):
            context.run.forget(step)
    if not deletions:
        say("There is nothing to delete.")
    elif not options.yes:
        say("Nothing is deleted yet: `python -m training cleanup --yes` does it.")
    kept = _kept(context)
    say("Kept:")
    for what, command in kept.items():
        say(f"  {what}: {command}")
    deleted = [{"kind": deletion.kind, "name": deletion.name} for deletion in deletions]
    return {
        "dry_run": not options.yes,
        "deleted" if options.yes else "would_delete": deleted,
        "kept": kept,
    }


def _deletions(context: Context, endpoint: Endpoint, timeout: float) -> Iterator[Deletion]:
    """What is ours, in the order in which SageMaker lets it go."""
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
    elif found:
        context.console.print(
            f"The endpoint {found['EndpointName']} has not our tags, and is kept."
        )
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
        # Those of target tracking have no tags of ours: they go with the auto-scaling.
        if alarms.is_ours(cloudwatch, names, alarm["AlarmArn"]):
            name = alarm["AlarmName"]
            yield Deletion("alarm", name, partial(cloudwatch.delete_alarms, AlarmNames=[name]))
    yield from _model_card(context)


def _model_card(context: Context) -> Iterator[Deletion]:
    name, ssm = context.names.model_card, context.aws.ssm
    try:
        tags = ssm.list_tags_for_resource(ResourceType="Parameter", ResourceId=name)["TagList"]
    except ClientError as exc:
        if code_of(exc) != "InvalidResourceId":  # there is none
            raise
        return
    if inventory.carries_our_tags(context.names, tags):
        yield Deletion("model card", name, partial(ssm.delete_parameter, Name=name))


def _kept(context: Context) -> dict[str, str]:
    """What stays, each with the command that deletes it."""
    names = context.names
    kept = {
        "stack of the service": f"sam delete --stack-name {names.service}",
        "log of the endpoint": f"aws logs delete-log-group --log-group-name /aws/sagemaker/Endpoints/{names.endpoint}",
        "training jobs": "records of what was done; one that still trains costs money until it ends",
    }
    group = f"aws sagemaker list-model-packages --model-package-group-name {names.service}"
    kept["model registry"] = f"records of what was trained and decided: {group}"
    if bucket := context.stack.bucket_of(context.run):
        kept["datasets"] = f"aws s3 rm --recursive s3://{bucket}/datasets/{names.service}/"
        kept["models, checkpoints, captured data and archives"] = (
            f"in s3://{bucket}, of all projects that use it"
        )
    if stack := context.stack.find():
        kept["the bucket with all that is in it"] = f"aws s3 rb s3://{stack.bucket} --force"
        kept["stack of the bucket and the role"] = (
            f"aws cloudformation delete-stack --stack-name {names.training_stack}"
        )
    return kept
