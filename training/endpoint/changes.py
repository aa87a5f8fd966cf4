"""The stage's endpoint as SageMaker changes it: slowly, and not always to what was asked."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from cli.aws import QuotaExceededError, code_of, sentence_of
from cli.polling import looks
from training.endpoint import alarms
from training.endpoint.errors import EndpointStuckError, EndpointTakenError, ServerlessConversionError
from training.endpoint.hosting import Hosting, HostingOptionsError
from training.endpoint.request import endpoint_request
from training.endpoint.strategy import Strategy
from training.project import inventory
from training.project.step import Context

if TYPE_CHECKING:
    from mypy_boto3_sagemaker.type_defs import DescribeEndpointOutputTypeDef

type Endpoint = "DescribeEndpointOutputTypeDef"

# Weights are those of the configuration, and so is data capture, which SageMaker does not retain ("not currently
# supported", VariantProperty); how many instances run is what load has brought about.
_AS_MANY_INSTANCES = {
    "RetainAllVariantProperties": True,
    "ExcludeRetainedVariantProperties": [{"VariantPropertyType": "DesiredWeight"}],
}
# In the message of a quota that is too small for an update.
_BESIDE = "An update needs twice the instances; with --strategy rolling it needs one batch more. "
IN_SERVICE, FAILED = "InService", "Failed"
_BUSY = {"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"}


def check_ownership(context: Context) -> None:
    """Refuse to touch an endpoint of the same name that somebody else made.

    Raises:
        EndpointTakenError: there is one.
    """
    endpoint = inventory.find_endpoint(context)
    if endpoint and not inventory.is_ours(context, endpoint["EndpointArn"]):
        wanted = ", ".join(f"{key}={context.names.tags[key]}" for key in ("project", "stage"))
        raise EndpointTakenError(
            f"The endpoint {context.names.endpoint} has not the tags {wanted}. {EndpointTakenError.__doc__}"
        )


def check_conversion(context: Context, found: Endpoint | None, hosting: Hosting, strategy: Strategy | None) -> None:
    """Refuse an update between instances and serverless that SageMaker refuses, or cannot take back.

    Raises:
        ServerlessConversionError: the endpoint runs on instances, and is to be serverless.
        HostingOptionsError: it is serverless, and alarms are to take its update to instances back.
    """
    if found is None or found["EndpointStatus"] == FAILED:  # a failed one is made anew
        return
    serverless = is_serverless(context, found["EndpointConfigName"])
    if hosting.is_serverless:
        refuse_to_make_serverless(context, serverless)
    elif serverless and strategy:
        raise HostingOptionsError(
            f"--strategy {strategy.kind}: {context.names.endpoint} is serverless, and SageMaker "
            "cannot roll an update to instances back to serverless. Leave --strategy out."
        )


def refuse_to_make_serverless(context: Context, serverless: bool | None) -> None:
    """Return if the endpoint is serverless already, or if that is unknown (None).

    Source: SageMaker developer guide, "Deploy models with Serverless Inference", feature exclusions.

    Raises:
        ServerlessConversionError: it runs on instances.
    """
    if serverless is False:
        name = context.names.endpoint
        raise ServerlessConversionError(
            f"The endpoint {name} runs on instances. {ServerlessConversionError.__doc__} "
            f"`aws sagemaker delete-endpoint --endpoint-name {name}` and then "
            "`deploy --mode serverless`: until the new endpoint is in service, images fail."
        )


def is_serverless(context: Context, config: str) -> bool | None:
    """Whether an endpoint configuration is serverless; None if it has been deleted."""
    try:
        return any("ServerlessConfig" in variant for variant in variants_of(context, config))
    except ClientError as exc:
        if inventory.is_absent(exc):
            return None
        raise


def settled(context: Context, timeout: float) -> Endpoint | None:
    """Wait until the endpoint is not being changed any more, at most `timeout` seconds; None if there is none.

    Raises:
        EndpointStuckError: it takes longer.
    """
    status = ""
    with context.console.status("Looking at the endpoint") as spinner:
        for seconds in looks(timeout):
            endpoint = inventory.find_endpoint(context)
            if endpoint is None or endpoint["EndpointStatus"] not in _BUSY:
                return endpoint
            status = endpoint["EndpointStatus"]
            spinner.update(f"{status} for {seconds:.0f} s")
    raise EndpointStuckError(
        f"The endpoint {context.names.endpoint} is {status} for more than {timeout:.0f} s. {where_to_look(context)} "
        "The same command goes on waiting, with --timeout for longer."
    )


def create(context: Context, config: str, quota: str) -> None:
    """Create the endpoint. Raises QuotaExceededError ."""
    request = endpoint_request(context.names.endpoint, config, context.names.tag_list)
    _within_quota(quota, context.aws.sagemaker.create_endpoint, **request)


def update(context: Context, config: str, quota: str, **how: Any) -> None:
    """Move the endpoint to a configuration, and tag it as this run's; `how` are further members of UpdateEndpoint.

    Raises QuotaExceededError.
    """
    sagemaker = context.aws.sagemaker
    request = {"EndpointName": context.names.endpoint, "EndpointConfigName": config, **how}
    changed = _within_quota(quota, sagemaker.update_endpoint, _BESIDE, **request)
    sagemaker.add_tags(ResourceArn=changed["EndpointArn"], Tags=context.names.tag_list)  # type: ignore[arg-type]


def go_back(context: Context, serving: str, config: str, quota: str, *, scaled: bool) -> None:
    """Move the endpoint from the configuration in service to an earlier one.

    If auto-scaling decides how many instances run, as many do as now: the configuration has those that it began with.
    It takes the same variants in both, and without auto-scaling nobody would ever take instances away again.

    Raises QuotaExceededError.
    """
    alike = scaled and _hosted(context, serving) == _hosted(context, config)
    update(context, config, quota, **(_AS_MANY_INSTANCES if alike else {}))


def delete(context: Context, timeout: float) -> None:
    """Delete the endpoint and wait until it is gone. Raises EndpointStuckError."""
    try:
        context.aws.sagemaker.delete_endpoint(EndpointName=context.names.endpoint)
    except ClientError as exc:
        if not inventory.is_absent(exc):
            raise
    settled(context, timeout)


def create_unless_there(operation: Callable[..., Any], request: dict[str, Any]) -> None:
    """Create something whose name is ours alone; an earlier try may have done so already."""
    try:
        operation(**request)
    except ClientError as exc:
        if "already exist" not in str(exc):  # SageMaker has no code of its own for that
            raise


def delete_config_and_models(context: Context, config: str) -> None:
    """Delete an endpoint configuration, its models and its alarms, where they are ours and still there."""
    sagemaker = context.aws.sagemaker
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as exc:
        if inventory.is_absent(exc):
            return
        raise
    if not inventory.is_ours(context, described["EndpointConfigArn"]):
        context.console.print(f"The endpoint configuration {config} is not ours and is kept.")
        return
    for variant in described["ProductionVariants"]:  # first: afterwards nothing would tell which they were
        delete_model(context, variant["ModelName"])
    alarms.delete(context, config)
    sagemaker.delete_endpoint_config(EndpointConfigName=config)


def delete_configs_but(context: Context, kept: set[str]) -> None:
    """Delete our endpoint configurations with their alarms, and those of their models that no remaining one has.

    What a live endpoint serves or moves to is kept too: another run may deploy, or `promote`, at the same time.
    """
    sagemaker, kept = context.aws.sagemaker, kept | _live_configs(context)
    served = {
        name: {variant["ModelName"] for variant in variants_of(context, name)}
        for name in list(inventory.endpoint_configs(context))
    }
    needed = set().union(*(models for name, models in served.items() if name in kept))
    for name in served.keys() - kept:
        for model in served[name] - needed:  # first: afterwards nothing would tell which they were
            delete_model(context, model)
        alarms.delete(context, name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


def variants_of(context: Context, config: str) -> list[Any]:
    """The production and shadow variants of an endpoint configuration."""
    described = context.aws.sagemaker.describe_endpoint_config(EndpointConfigName=config)
    return [*described["ProductionVariants"], *described.get("ShadowProductionVariants", [])]


def delete_model(context: Context, name: str) -> None:
    """Delete a model, where it is ours and still there; its model.tar.gz in S3 stays."""
    try:
        arn = context.aws.sagemaker.describe_model(ModelName=name)["ModelArn"]
        if inventory.is_ours(context, arn):
            context.aws.sagemaker.delete_model(ModelName=name)
    except ClientError as exc:
        if not inventory.is_absent(exc):
            raise


def where_to_look(context: Context) -> str:
    """Where the containers of the endpoint say what they do."""
    return f"Its log, if it came that far: CloudWatch Logs, /aws/sagemaker/Endpoints/{context.names.endpoint}."


def _hosted(context: Context, config: str) -> set[tuple[str, bool]]:
    """The variants of a configuration, and whether each is serverless."""
    return {(one["VariantName"], "ServerlessConfig" in one) for one in variants_of(context, config)}


def _live_configs(context: Context) -> set[str]:
    """The endpoint configurations that our endpoints serve or move to."""
    names = [context.names.endpoint, *inventory.comparison_endpoints(context)]
    live = [found for name in names if (found := inventory.find_endpoint(context, name))]
    pending = (found["PendingDeploymentSummary"] for found in live if "PendingDeploymentSummary" in found)
    return {one["EndpointConfigName"] for one in (*live, *pending)}


def _within_quota(quota: str, operation: Callable[..., Any], hint: str = "", **request: Any) -> Any:
    try:
        return operation(**request)
    except ClientError as exc:
        if code_of(exc) != "ResourceLimitExceeded":
            raise
        raise QuotaExceededError(
            f"{sentence_of(exc)} The quota is `{quota}` of SageMaker in Service Quotas: ask for more, or use "
            f"another instance type. {hint}Nothing runs that did not run before; the same command goes on."
        ) from exc
