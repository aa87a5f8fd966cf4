"""Return the names of a deployed service's parts on AWS, and their pages in the console."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from botocore.exceptions import ClientError

from cli.aws import code_of
from cli.service import UPLOADS
from operations.service.context import Context

# Domain of the console, and the place of its pages in it: AWS documentation of each partition.
_CONSOLES = {
    "aws": "console.aws.amazon.com",
    "aws-cn": "console.amazonaws.cn",
    "aws-us-gov": "console.amazonaws-us-gov.com",
}
_NESTED = "AWS::CloudFormation::Stack"
_LOG_GROUP = "AWS::Logs::LogGroup"
_DASHBOARD = "AWS::CloudWatch::Dashboard"


@dataclass(frozen=True)
class Places:
    """Names of the parts of a service, and the addresses of its pages, which may be missing."""

    stack: str
    region: str
    image_bucket: str
    uploads: str
    training_bucket: str | None
    results_table: str
    endpoint: str | None
    workflow: str
    backlog_workflow: str | None
    failure_queue: str
    dead_letter_queue: str
    alarm_topic: str | None
    dashboard: str | None
    log_groups: list[str]
    pages: dict[str, str]


def read_places(context: Context) -> Places:
    """Read outputs and resources of the service's stack and of the stacks nested in it."""
    service = context.service
    outputs = _outputs(context, context.stack)
    training = _outputs(context, f"{context.stack}-training")
    resources = list(_resources(context, context.stack))
    log_groups = sorted(name for kind, name in resources if kind == _LOG_GROUP)
    dashboard = next((name for kind, name in resources if kind == _DASHBOARD), None)

    return Places(
        stack=context.stack,
        region=context.aws.region,
        image_bucket=service.image_bucket,
        uploads=service.image_url(UPLOADS),
        training_bucket=training.get("TrainingBucketName"),
        results_table=service.results_table,
        endpoint=outputs.get("EndpointName"),
        workflow=service.workflow_arn,
        backlog_workflow=service.backlog_workflow_arn,
        failure_queue=service.failure_queue_url,
        dead_letter_queue=service.dead_letter_queue_url,
        alarm_topic=outputs.get("AlarmTopicArn"),
        dashboard=dashboard,
        log_groups=log_groups,
        pages=_pages(context, outputs, dashboard) if _is_on_aws(context) else {},
    )


def _outputs(context: Context, stack: str) -> dict[str, str]:
    """Return the outputs of a stack; none if the stack does not exist."""
    try:
        [found] = context.aws.cloudformation.describe_stacks(StackName=stack)["Stacks"]
    except ClientError as exc:
        if code_of(exc) != "ValidationError":
            raise
        return {}
    return {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}


def _resources(context: Context, stack: str) -> Iterator[tuple[str, str]]:
    """Yield type and name of each resource of a stack and of the stacks nested in it."""
    pages = context.aws.cloudformation.get_paginator("list_stack_resources")
    for page in pages.paginate(StackName=stack):
        for resource in page["StackResourceSummaries"]:
            name = resource.get("PhysicalResourceId", "")
            yield resource["ResourceType"], name
            if resource["ResourceType"] == _NESTED and name:
                yield from _resources(context, name)


def _is_on_aws(context: Context) -> bool:
    """Return whether the clients talk to AWS, and not to a local cloud, which has no console."""
    host = urlsplit(context.aws.cloudformation.meta.endpoint_url).hostname or ""
    return host.endswith((".amazonaws.com", ".amazonaws.com.cn"))


def _pages(context: Context, outputs: Mapping[str, str], dashboard: str | None) -> dict[str, str]:
    service = context.service
    region = context.aws.region
    partition = service.workflow_arn.split(":")[1]
    if partition not in _CONSOLES:
        return {}

    start = f"https://{region}.{_CONSOLES[partition]}"
    home = f"home?region={region}#"
    table = quote(service.results_table, safe="")
    pages = {
        "workflow": f"{start}/states/{home}/statemachines/view/{service.workflow_arn}",
        "uploads": f"{start}/s3/buckets/{service.image_bucket}?region={region}&prefix={UPLOADS}",
        "results table": f"{start}/dynamodbv2/{home}item-explorer?table={table}",
    }
    if dashboard:
        name = quote(dashboard, safe="")
        pages["dashboard"] = f"{start}/cloudwatch/{home}dashboards/dashboard/{name}"

    if endpoint := outputs.get("EndpointName"):
        pages["endpoint"] = f"{start}/sagemaker/{home}/endpoints/{endpoint}"

    return pages
