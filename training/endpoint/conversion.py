"""Refuse conversions between instances and serverless that SageMaker cannot do or roll back."""

from training.endpoint.changes import FAILED, Described, Endpoint
from training.endpoint.errors import ServerlessConversionError
from training.endpoint.hosting import Hosting, HostingOptionsError
from training.endpoint.strategy import Strategy


def check_conversion(
    endpoint: Endpoint, found: Described | None, hosting: Hosting, strategy: Strategy | None
) -> None:
    """Refuse an update between instances and serverless that SageMaker cannot do or roll back.

    Raises:
        ServerlessConversionError: The endpoint runs on instances, and --mode is serverless.
        HostingOptionsError: The endpoint is serverless, and --strategy needs a rollback to it.
    """
    if found is None or found["EndpointStatus"] == FAILED:  # a failed endpoint is created again
        return
    serverless = endpoint.is_serverless(found["EndpointConfigName"])
    if hosting.is_serverless:
        refuse_to_make_serverless(endpoint.name, serverless)
    elif serverless and strategy:
        raise HostingOptionsError(
            f"--strategy {strategy.kind}: {endpoint.name} is serverless, and SageMaker "
            "cannot roll back an update from serverless to instances. Leave out --strategy."
        )


def refuse_to_make_serverless(name: str, serverless: bool | None) -> None:
    """Refuse to make an endpoint on instances serverless. None stands for an unknown mode.

    Source: SageMaker developer guide, "Deploy models with Serverless Inference", feature
        exclusions.

    Raises:
        ServerlessConversionError: The endpoint runs on instances.
    """
    if serverless is False:
        raise ServerlessConversionError(
            f"The endpoint {name} runs on instances. {ServerlessConversionError.__doc__} "
            f"Or run `aws sagemaker delete-endpoint --endpoint-name {name}` and then "
            "`scones deploy --mode serverless`: images fail until the new endpoint is in service."
        )
