"""An upload that meets the cold start of a serverless endpoint, in a separate stack."""

import json
import time
from collections.abc import Iterator

import pytest

from cli.service import find_service
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from tests.workflow.conftest import COLD_START_SECONDS
from tests.workflow.deployed import TRUCK, Deployed, ended
from tests.workflow.operations import Operations
from tests.workflow.second_stack import second_stack

pytestmark = pytest.mark.long
STACK = ENDPOINT = "scones-cold"
FROM_INSTANCES = {"InstanceType", "InitialInstanceCount", "InitialVariantWeight"}


@pytest.fixture
def serverless(cloud: Cloud, service: Deployed) -> Iterator[None]:
    """The demo's model behind a serverless endpoint that has not started."""
    sagemaker, ssm = cloud.client("sagemaker"), cloud.client("ssm")
    serving = sagemaker.describe_endpoint(EndpointName=service.endpoint)["EndpointConfigName"]
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=serving)["ProductionVariants"]
    variant = {name: value for name, value in variant.items() if name not in FROM_INSTANCES}
    variant["ServerlessConfig"] = {"MemorySizeInMB": 2048, "MaxConcurrency": 10}
    sagemaker.create_endpoint_config(EndpointConfigName=ENDPOINT, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=ENDPOINT, EndpointConfigName=ENDPOINT)
    waiter = sagemaker.get_waiter("endpoint_in_service")
    waiter.wait(EndpointName=ENDPOINT, WaiterConfig={"Delay": 1, "MaxAttempts": 30})
    card = service.model_card() | {
        "endpoint": ENDPOINT,
        "endpoint_config": ENDPOINT,
        "serverless": True,
    }
    name = f"/scones-unlimited/endpoints/{ENDPOINT}"
    ssm.put_parameter(Name=name, Value=json.dumps(card), Type="String")
    yield
    ssm.delete_parameter(Name=name)
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    sagemaker.delete_endpoint_config(EndpointConfigName=ENDPOINT)


@pytest.mark.usefixtures("serverless")
def test_image_that_meets_a_cold_start_of_several_attempts_is_decided(
    cloud: Cloud, service: Deployed, operations: Operations
) -> None:
    parameters = {"EndpointName": ENDPOINT, "Architecture": ARCHITECTURE}
    with second_stack(cloud, service, STACK, parameters):
        stack = Deployed(cloud, find_service(cloud.client("cloudformation"), STACK), ENDPOINT)
        started = time.monotonic()
        decided = stack.upload(TRUCK, "cold.webp")
        waited = time.monotonic() - started
        run = ended(cloud.client("stepfunctions"), decided.execution)
    operations("retained", "--stack", STACK, "--delete", "--yes")
    assert decided.record["outcome"] in ("ACCEPTED", "REVIEW"), decided.record.get("error")
    # Two calls time out after 15 s, the third succeeds: this cloud has no waits between retries.
    assert 3 == run.attempts["Classify image"]
    assert waited > COLD_START_SECONDS
