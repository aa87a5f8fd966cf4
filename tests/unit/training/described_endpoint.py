"""An endpoint as SageMaker describes it."""

from typing import Any

from botocore.exceptions import ClientError


class FakeSageMaker:
    """Knows endpoints of any name, with the same variants; without a status, none."""

    def __init__(
        self, status: str | None = "InService", variants: tuple[str, ...] = ("AllTraffic",)
    ) -> None:
        self.status = status
        self.variants = [{"VariantName": name} for name in variants]

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if self.status is None:
            said = "Could not find endpoint"
            raise ClientError(
                {"Error": {"Code": "ValidationException", "Message": said}}, "DescribeEndpoint"
            )
        return {
            "EndpointStatus": self.status,
            "EndpointConfigName": "config-1",
            "ProductionVariants": self.variants,
        }
