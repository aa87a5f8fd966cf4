"""The local cloud refuses services that it does not emulate, and names them."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud

CALLS: dict[str, Callable[[Cloud], Any]] = {
    "access-analyzer": lambda cloud: cloud.client("accessanalyzer").validate_policy(
        policyDocument="{}", policyType="IDENTITY_POLICY"
    ),
    "servicequotas": lambda cloud: cloud.client("service-quotas").list_service_quotas(
        ServiceCode="sagemaker",
    ),
    "xray": lambda cloud: cloud.client("xray").get_trace_summaries(StartTime=1, EndTime=2),
    "schemas": lambda cloud: cloud.client("schemas").list_schemas(
        RegistryName="lambda-testevent-schemas"
    ),
}


@pytest.mark.parametrize("call", CALLS)
def test_service_that_is_not_emulated_is_refused_and_named(cloud: Cloud, call: str) -> None:
    with pytest.raises(
        ClientError,
        match=f"UnknownOperationException.*{call} is not emulated by the local cloud",
    ):
        CALLS[call](cloud)
