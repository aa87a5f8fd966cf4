"""Delete models, endpoint configurations and their alarms, where they are ours and no endpoint needs them."""

from botocore.exceptions import ClientError

from cli.aws import Aws
from training.endpoint import alarms
from training.endpoint.changes import Endpoint
from training.project import inventory
from training.project.naming import Names


def delete_config_and_models(aws: Aws, endpoint: Endpoint, config: str) -> None:
    """Delete an endpoint configuration, its models and its alarms, where they are ours and still there."""
    sagemaker = aws.sagemaker
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as exc:
        if inventory.is_absent(exc):
            return
        raise
    if not inventory.is_ours(sagemaker, endpoint.names, described["EndpointConfigArn"]):
        endpoint.console.print(f"The endpoint configuration {config} is not ours and is kept.")
        return
    for variant in described[
        "ProductionVariants"
    ]:  # first: afterwards nothing would tell which they were
        delete_model(aws, endpoint.names, variant["ModelName"])
    alarms.delete(aws.cloudwatch, endpoint.names, config)
    sagemaker.delete_endpoint_config(EndpointConfigName=config)


def delete_configs_but(aws: Aws, endpoint: Endpoint, kept: set[str]) -> None:
    """Delete our endpoint configurations with their alarms, and those of their models that no remaining one has.

    What a live endpoint serves or moves to is kept too: another run may deploy, or `promote`, at the same time.
    """
    sagemaker, names = aws.sagemaker, endpoint.names
    kept = kept | _live_configs(aws, names)
    served = {
        name: {variant["ModelName"] for variant in endpoint.variants_of(name)}
        for name in list(inventory.endpoint_configs(sagemaker, names))
    }
    needed = set().union(*(models for name, models in served.items() if name in kept))
    for name in served.keys() - kept:
        for model in served[name] - needed:  # first: afterwards nothing would tell which they were
            delete_model(aws, names, model)
        alarms.delete(aws.cloudwatch, names, name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


def delete_model(aws: Aws, names: Names, name: str) -> None:
    """Delete a model, where it is ours and still there; its model.tar.gz in S3 stays."""
    try:
        arn = aws.sagemaker.describe_model(ModelName=name)["ModelArn"]
        if inventory.is_ours(aws.sagemaker, names, arn):
            aws.sagemaker.delete_model(ModelName=name)
    except ClientError as exc:
        if not inventory.is_absent(exc):
            raise


def _live_configs(aws: Aws, names: Names) -> set[str]:
    """The endpoint configurations that our endpoints serve or move to."""
    endpoints = [names.endpoint, *inventory.comparison_endpoints(aws.sagemaker, names)]
    live = [found for name in endpoints if (found := inventory.find_endpoint(aws.sagemaker, name))]
    pending = (
        found["PendingDeploymentSummary"] for found in live if "PendingDeploymentSummary" in found
    )
    return {one["EndpointConfigName"] for one in (*live, *pending)}
