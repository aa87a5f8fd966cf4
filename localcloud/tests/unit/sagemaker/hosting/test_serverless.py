"""Run serverless variants: their cold start, and their concurrency."""

import asyncio
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError, ReadTimeoutError

from localcloud.sagemaker.hosting.serverless import Capacity

COLD = 0.3  # seconds


def serve(cloud: Any, behaviour: str = "truck", **config: int) -> None:
    """A serverless endpoint `trucks`, in service."""
    serverless = {"MemorySizeInMB": 2048, "MaxConcurrency": 5} | config
    variant = {"VariantName": "AllTraffic", "ModelName": "truck", "ServerlessConfig": serverless}
    cloud.create_model("truck", behaviour)
    cloud.control.create_endpoint_config(EndpointConfigName="trucks", ProductionVariants=[variant])
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")


def ask(runtime: Any) -> str:
    return str(
        json.loads(runtime.invoke_endpoint(EndpointName="trucks", Body=b"x")["Body"].read())[
            "model"
        ]
    )


@pytest.fixture
def hasty(session: Any, cloud: Any) -> Iterator[Any]:
    """A client that disconnects before a cold start is over."""
    config = Config(retries={"total_max_attempts": 1}, read_timeout=COLD / 3)
    client = session.client("sagemaker-runtime", endpoint_url=cloud.server.url, config=config)
    yield client
    client.close()


def test_request_waits_for_the_cold_start(cloud: Any) -> None:
    cloud.restart(cold_start_seconds=COLD)
    serve(cloud)

    assert "truck" == ask(cloud.runtime)

    cloud.publish()
    [metric] = [one for one in cloud.telemetry.metrics if one["MetricName"] == "OverheadLatency"]
    assert (
        max(metric["Values"]) >= COLD * 1e6
        # Microseconds; AWS counts a cold start as overhead too.
    )


def test_cold_start_continues_when_the_client_disconnects(cloud: Any, hasty: Any) -> None:
    cloud.restart(cold_start_seconds=COLD)
    serve(cloud)
    answers = []

    for _ in range(20):
        try:
            answers.append(ask(hasty))
        except ReadTimeoutError:
            answers.append("timed out")

    assert "timed out" == answers[0]
    assert "truck" == answers[-1]


def test_provisioned_concurrency_has_no_cold_start(cloud: Any, hasty: Any) -> None:
    cloud.restart(cold_start_seconds=60)
    serve(cloud, ProvisionedConcurrency=1)

    assert "truck" == ask(hasty)


@contextmanager
def busy(cloud: Any) -> Iterator[None]:
    """Keep one request at the model for the length of the block."""
    [container] = cloud.containers
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(ask, cloud.runtime)
        assert container.asked.wait(5)
        try:
            yield
        finally:
            cloud.server.loop.call_soon_threadsafe(container.may_answer.set)
        assert "patient" == first.result()


def test_request_beyond_the_concurrency_is_throttled_without_a_reason(cloud: Any) -> None:
    serve(cloud, "patient", MaxConcurrency=1)

    with busy(cloud), pytest.raises(ClientError) as refused:
        ask(cloud.runtime)

    response = refused.value.response
    assert 400 == response["ResponseMetadata"]["HTTPStatusCode"]
    assert {"Code": "ThrottlingException", "Message": None} == response["Error"]


def test_place_is_free_again_after_the_answer(cloud: Any) -> None:
    serve(cloud, "patient", MaxConcurrency=1)
    with busy(cloud):
        pass

    assert "patient" == ask(cloud.runtime)


def test_cancelled_request_frees_its_place() -> None:
    async def cancelled_and_next() -> str:
        capacity = Capacity(1, 0.02)
        waiting = asyncio.create_task(capacity.__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        async with capacity:
            return "served"

    assert "served" == asyncio.run(cancelled_and_next())
