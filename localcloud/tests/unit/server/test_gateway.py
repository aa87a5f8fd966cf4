"""Route each request to its app, and refuse the others."""

import asyncio
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from localcloud.server.gateway import Gateway

SCOPE_OF = (
    "AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/{}/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
BASE_URL = "http://127.0.0.1:4566"


class _MiniStack:
    """An app that answers its name, and takes part in startup and shutdown."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            for event in ("startup", "shutdown"):
                await receive()
                await send({"type": f"lifespan.{event}.complete"})
        else:
            await PlainTextResponse("ministack")(scope, receive, send)


def _gateway(ready: list[str] | None = None) -> Gateway:
    announced = [] if ready is None else ready
    return Gateway(
        _MiniStack(),
        PlainTextResponse("sagemaker"),
        PlainTextResponse("autoscaling"),
        PlainTextResponse("states"),
        lambda: announced.append("ready"),
        4566,
    )


def _request(method: str, path: str, **arguments: Any) -> httpx.Response:
    async def request() -> httpx.Response:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(_gateway()), base_url=BASE_URL
        ) as client:
            return await client.request(method, path, **arguments)

    return asyncio.run(request())


@pytest.mark.parametrize(
    ("expected", "service"),
    [
        ("sagemaker", "sagemaker"),
        ("autoscaling", "application-autoscaling"),
        ("ministack", "autoscaling"),
        ("ministack", "s3"),
        ("states", "states"),
        ("ministack", "state"),
        ("ministack", "sagemakery"),
    ],
)
def test_request_reaches_the_service_it_is_signed_for(expected: str, service: str) -> None:
    assert (
        expected == _request("GET", "/", headers={"authorization": SCOPE_OF.format(service)}).text
    )


def test_presigned_request_reaches_the_service_in_its_query() -> None:
    query = {"X-Amz-Credential": "local/20300101/us-east-1/sagemaker/aws4_request"}
    assert "sagemaker" == _request("GET", "/endpoints/name/invocations", params=query).text


def test_unsigned_request_reaches_ministack() -> None:
    assert "ministack" == _request("GET", "/_ministack/health").text


@pytest.mark.parametrize(
    "path", ["/_ministack/reset", "/_ministack/healthy", "/_localstack/state/reset"]
)
def test_administration_of_ministack_is_not_served(path: str) -> None:
    assert 404 == _request("POST", path).status_code


def test_control_endpoint_is_closed_while_faults_are_off() -> None:
    answer = _request("GET", "/_local/faults")
    assert 404 == answer.status_code
    assert "--faults" in answer.text


def test_control_endpoint_is_closed_to_web_pages() -> None:
    assert (
        403
        == _request("GET", "/_local/faults", headers={"origin": "https://example.com"}).status_code
    )


def test_startup_of_ministack_is_announced() -> None:
    ready: list[str] = []

    async def send(message: Any) -> None:
        ready.append(message["type"])

    async def start_and_stop() -> None:
        events: asyncio.Queue[Any] = asyncio.Queue()
        for event in ("startup", "shutdown"):
            events.put_nowait({"type": f"lifespan.{event}"})
        await _gateway(ready)({"type": "lifespan"}, events.get, send)

    asyncio.run(start_and_stop())
    assert ["lifespan.startup.complete", "ready", "lifespan.shutdown.complete"] == ready


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "OPTIONS"])
def test_request_of_a_web_page_is_refused_before_any_service_sees_it(method: str) -> None:
    answer = _request(method, "/", headers={"origin": "http://localhost:3000"})
    assert 403 == answer.status_code
    assert "Origin: 'http://localhost:3000'" in answer.text
    assert "access-control-allow-origin" not in answer.headers


def test_websocket_of_a_web_page_is_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"127.0.0.1:4566"), (b"origin", b"https://example.com")]
    scope = {"type": "websocket", "headers": headers, "query_string": b"", "path": "/"}
    asyncio.run(_gateway()(scope, asyncio.Queue[Any]().get, send))
    assert [{"type": "websocket.close", "code": 1008}] == sent
