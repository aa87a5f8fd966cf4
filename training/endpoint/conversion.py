"""Refuse conversions of an endpoint between instances and serverless that SageMaker cannot do, or cannot roll back."""

from training.endpoint.changes import FAILED, Described, Endpoint
from training.endpoint.errors import ServerlessConversionError
from training.endpoint.hosting import Hosting, HostingOptionsError
from training.endpoint.strategy import Strategy


def check_conversion(
    endpoint: Endpoint, found: Described | None, hosting: Hosting, strategy: Strategy | None
) -> None:
    """Refuse an update between instances and serverless that SageMaker refuses, or cannot roll back.

    Raises:
        ServerlessConversionError: the endpoint runs on instances, and is to be serverless.
        HostingOptionsError: it is serverless, and alarms are to roll its update to instances back.
    """
    if found is None or found["EndpointStatus"] == FAILED:  # a failed one is made anew
        return
    serverless = endpoint.is_serverless(found["EndpointConfigName"])
    if hosting.is_serverless:
        refuse_to_make_serverless(endpoint.name, serverless)
    elif serverless and strategy:
        raise HostingOptionsError(
            f"--strategy {strategy.kind}: {endpoint.name} is serverless, and SageMaker "
            "cannot roll an update to instances back to serverless. Leave --strategy out."
        )


def refuse_to_make_serverless(name: str, serverless: bool | None) -> None:
    """Return if the endpoint is serverless already, or if that is unknown (None).

    Source: SageMaker developer guide, "Deploy models with Serverless Inference", feature exclusions.

    Raises:
        ServerlessConversionError: it runs on instances.
    """
    if serverless is False:
        raise ServerlessConversionError(
            f"The endpoint {name} runs on instances. {ServerlessConversionError.__doc__} "
            f"`aws sagemaker delete-endpoint --endpoint-name {name}` and then "
            "`deploy --mode serverless`: until the new endpoint is in service, images fail."
        )
