"""List a project's resources with their states and prices per hour, for `status`."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError
from rich.filesize import decimal

from cli.aws import Aws, CredentialsError, code_of, explain, reason_of
from cli.names import shorten
from cli.prices import HOURS_PER_MONTH, Prices
from training.models.model_card import read_model_card
from training.models.registry import ModelRegistry
from training.project import inventory
from training.project.naming import Names
from training.project.run_file import RunFile
from training.project.training_stack import EnvironmentStack

FOLDERS = (
    "algorithm",
    "datasets",
    "models",
    "checkpoints",
    "captured",
    "references",
    "archive",
)  # of the bucket
NEWEST = 5  # training jobs and model packages in the list
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Resource:
    """A resource on AWS; its dollars per hour are None if the price is unknown."""

    kind: str
    name: str
    state: str
    detail: str = ""
    dollars_per_hour: float | None = 0.0


@dataclass(frozen=True)
class Account:
    """The account, the names, the run file and the stack of a run."""

    aws: Aws
    names: Names
    run: RunFile
    stack: EnvironmentStack


def resources(account: Account, prices: Prices) -> Iterator[Resource]:
    """Yield all resources of a run, in decreasing order of cost.

    A kind of resource that the caller may not list is unknown.

    Raises:
        CredentialsError: AWS does not know the caller.
    """
    for kind, find in _FINDERS.items():
        try:
            yield from find(account, prices)
        except ClientError as exc:
            if isinstance(explain(exc), CredentialsError):
                raise
            yield Resource(kind, "", UNKNOWN, f"{code_of(exc)}: {reason_of(exc)}", None)


def _endpoint(account: Account, prices: Prices) -> Iterator[Resource]:
    endpoint = inventory.find_endpoint(account.aws.sagemaker, account.names.endpoint)
    if endpoint is None:
        return
    facts = (
        []
        if inventory.is_ours(account.aws.sagemaker, account.names, endpoint["EndpointArn"])
        else ["not ours"]
    )
    facts.append(f"configuration {endpoint['EndpointConfigName']}")
    capture = endpoint.get("DataCaptureConfig")
    if capture and capture["EnableCapture"]:
        facts.append(
            f"captures {capture['CurrentSamplingPercentage']} % to {capture['DestinationS3Uri']}"
        )
    if reason := endpoint.get("FailureReason"):
        facts.append(reason)
    yield Resource(
        "endpoint", endpoint["EndpointName"], endpoint["EndpointStatus"], "; ".join(facts)
    )
    yield from _variants(account, endpoint, prices)


def _comparison_endpoints(account: Account, prices: Prices) -> Iterator[Resource]:
    for name in inventory.comparison_endpoints(account.aws.sagemaker, account.names):
        endpoint = account.aws.sagemaker.describe_endpoint(EndpointName=name)
        yield Resource(
            "endpoint",
            name,
            endpoint["EndpointStatus"],
            "compares models for `promote`; no longer needed",
        )
        yield from _variants(account, endpoint, prices)


def _packages(account: Account, _prices: Prices) -> Iterator[Resource]:
    for package in [*ModelRegistry(account.aws, account.names).summaries()][-NEWEST:]:
        detail = package.get("ModelPackageDescription", "")
        yield Resource(
            "model package",
            f"version {package['ModelPackageVersion']}",
            package["ModelApprovalStatus"],
            detail,
        )


def _variants(account: Account, endpoint: Any, prices: Prices) -> Iterator[Resource]:
    found = account.aws.sagemaker.describe_endpoint_config(
        EndpointConfigName=endpoint["EndpointConfigName"]
    )
    configured = [*found["ProductionVariants"], *found.get("ShadowProductionVariants", [])]
    types = {variant["VariantName"]: variant.get("InstanceType") for variant in configured}
    for variant in (
        *endpoint.get("ProductionVariants", []),
        *endpoint.get("ShadowProductionVariants", []),
    ):
        name = variant["VariantName"]
        if serverless := variant.get("CurrentServerlessConfig"):
            memory, most = serverless["MemorySizeInMB"], serverless["MaxConcurrency"]
            per_second = memory / 1024 * prices.serverless_gb_second
            detail = f"{memory} MB, at most {most} at once; ${per_second:.6f} per second"
            yield Resource("variant", name, "serverless", detail)
        else:
            count, instance_type = (
                variant.get("CurrentInstanceCount", 0),
                types.get(name) or UNKNOWN,
            )
            detail = f"weight {variant.get('CurrentWeight', 0):g}"
            yield Resource(
                "variant",
                name,
                f"{count} x {instance_type}",
                detail,
                prices.instances(instance_type, count),
            )


def _scaling(account: Account, _prices: Prices) -> Iterator[Resource]:
    for target in inventory.scalable_targets(account.aws.autoscaling, account.names.endpoint):
        names = ", ".join(policy["PolicyName"] for policy in target["ScalingPolicies"])
        variant = target["ResourceId"].rpartition("/")[2]
        bounds = f"{target['MinCapacity']} to {target['MaxCapacity']} instances"
        yield Resource("auto-scaling", variant, bounds, f"policies: {names or 'none'}")


def _model_card(account: Account, _prices: Prices) -> Iterator[Resource]:
    try:
        card = read_model_card(account.aws.ssm, account.names.model_card)
    except ValueError:  # the parameter holds another text
        yield Resource("model card", account.names.model_card, "damaged", "not JSON")
        return
    if card:
        labels = shorten(list(map(str, card.get("labels", []))))
        detail = f"{labels}; {card.get('backbone')}; training job {card.get('training_job')}"
        yield Resource(
            "model card", account.names.model_card, f"of {card.get('created_at')}", detail
        )


def _alarms(account: Account, prices: Prices) -> Iterator[Resource]:
    for alarm in inventory.alarms(account.aws.cloudwatch, account.names.endpoint):
        cost = prices.alarm_month / HOURS_PER_MONTH
        yield Resource(
            "alarm",
            alarm["AlarmName"],
            alarm["StateValue"],
            alarm.get("AlarmDescription", ""),
            cost,
        )


def _training_jobs(account: Account, prices: Prices) -> Iterator[Resource]:
    listed = account.aws.sagemaker.list_training_jobs(
        NameContains=f"{account.names.service}-",
        SortBy="CreationTime",
        SortOrder="Descending",
        MaxResults=50,
    )["TrainingJobSummaries"]
    shown = 0
    for job in listed:
        if shown == NEWEST:
            return
        if not inventory.is_ours(account.aws.sagemaker, account.names, job["TrainingJobArn"]):
            continue  # a job of another environment with the same beginning of its name
        shown += 1

        cost: float | None = 0.0
        if job["TrainingJobStatus"] in ("InProgress", "Stopping"):
            machine = account.aws.sagemaker.describe_training_job(
                TrainingJobName=job["TrainingJobName"]
            )
            wanted = machine["ResourceConfig"]
            cost = prices.instances(wanted["InstanceType"], wanted["InstanceCount"])
        detail = f"{job['CreationTime']:%Y-%m-%d %H:%M}"
        yield Resource(
            "training job", job["TrainingJobName"], job["TrainingJobStatus"], detail, cost
        )


def _models(account: Account, _prices: Prices) -> Iterator[Resource]:
    yield from (
        Resource("model", name, "")
        for name in inventory.models(account.aws.sagemaker, account.names)
    )


def _endpoint_configs(account: Account, _prices: Prices) -> Iterator[Resource]:
    for name in inventory.endpoint_configs(account.aws.sagemaker, account.names):
        yield Resource("endpoint configuration", name, "")


def _stacks(account: Account, _prices: Prices) -> Iterator[Resource]:
    for name, purpose in (
        (account.names.training_stack, "bucket and role"),
        (account.names.service, "the service"),
    ):
        try:
            [stack] = account.aws.cloudformation.describe_stacks(StackName=name)["Stacks"]
        except ClientError as exc:
            if code_of(exc) != "ValidationError":  # "Stack with id ... does not exist"
                raise
        else:
            yield Resource("stack", name, stack["StackStatus"], purpose)


def _bucket(account: Account, prices: Prices) -> Iterator[Resource]:
    bucket = account.stack.bucket_of(account.run)
    if bucket is None:
        return
    for folder in FOLDERS:
        count = size = 0
        for page in account.aws.s3.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=f"{folder}/"
        ):
            count += page["KeyCount"]
            size += sum(found["Size"] for found in page.get("Contents", []))
        if count:
            state = f"{count:,} object{'s' if count > 1 else ''}, {decimal(size)}"
            yield Resource("bucket", f"s3://{bucket}/{folder}/", state, "", prices.storage(size))


_FINDERS: dict[str, Callable[[Account, Prices], Iterator[Resource]]] = {
    "endpoint": _endpoint,
    "endpoint of promote": _comparison_endpoints,
    "auto-scaling": _scaling,
    "endpoint configuration": _endpoint_configs,
    "model": _models,
    "model card": _model_card,
    "alarm": _alarms,
    "training job": _training_jobs,
    "model package": _packages,
    "bucket": _bucket,
    "stack": _stacks,
}
