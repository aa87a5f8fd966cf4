"""Delete the project's models, endpoint configurations and alarms that no endpoint needs."""

from botocore.exceptions import ClientError

from cli.aws import Aws
from training.endpoint import alarms
from training.endpoint.changes import Endpoint
from training.project import inventory
from training.project.naming import Names


def delete_config_and_models(aws: Aws, endpoint: Endpoint, config: str) -> None:
    """Delete an endpoint configuration, its models and its alarms, if they are the project's."""
    sagemaker = aws.sagemaker
    try:
        described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    except ClientError as exc:
        if inventory.is_absent(exc):
            return
        raise
    if not inventory.is_ours(sagemaker, endpoint.names, described["EndpointConfigArn"]):
        endpoint.console.print(
            f"The endpoint configuration {config} does not belong to the project and is retained."
        )
        return
    # The models come first: without the configuration their names are unknown.
    for variant in described["ProductionVariants"]:
        delete_model(aws, endpoint.names, variant["ModelName"])
    alarms.delete(aws.cloudwatch, endpoint.names, config)
    sagemaker.delete_endpoint_config(EndpointConfigName=config)


def delete_configs_but(aws: Aws, endpoint: Endpoint, retained: set[str]) -> None:
    """Delete the project's other endpoint configurations, their alarms and their unused models.

    The configurations of live endpoints are retained too: another run may deploy, or `promote`, at
    the same time.
    """
    sagemaker = aws.sagemaker
    names = endpoint.names
    retained = retained | _live_configs(aws, names)
    served = {
        name: {variant["ModelName"] for variant in endpoint.variants_of(name)}
        for name in list(inventory.endpoint_configs(sagemaker, names))
    }
    needed = set().union(*(models for name, models in served.items() if name in retained))
    for name in served.keys() - retained:
        # The models come first: without the configuration their names are unknown.
        for model in served[name] - needed:
            delete_model(aws, names, model)
        alarms.delete(aws.cloudwatch, names, name)
        sagemaker.delete_endpoint_config(EndpointConfigName=name)


def delete_model(aws: Aws, names: Names, name: str) -> None:
    """Delete a model if it is the project's. Its model.tar.gz in S3 stays."""
    try:
        arn = aws.sagemaker.describe_model(ModelName=name)["ModelArn"]
        if inventory.is_ours(aws.sagemaker, names, arn):
            aws.sagemaker.delete_model(ModelName=name)
    except ClientError as exc:
        if not inventory.is_absent(exc):
            raise


def _live_configs(aws: Aws, names: Names) -> set[str]:
    """Return the endpoint configurations that the project's endpoints serve or move to."""
    endpoints = [names.endpoint, *inventory.comparison_endpoints(aws.sagemaker, names)]
    live = [found for name in endpoints if (found := inventory.find_endpoint(aws.sagemaker, name))]
    pending = (
        found["PendingDeploymentSummary"] for found in live if "PendingDeploymentSummary" in found
    )
    return {one["EndpointConfigName"] for one in (*live, *pending)}
