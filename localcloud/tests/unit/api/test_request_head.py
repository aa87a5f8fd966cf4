"""Parse the head of a request once from the ASGI scope."""

import asyncio
from typing import Any
from urllib.parse import urlencode

import pytest
from starlette.responses import PlainTextResponse
from starlette.types import Receive, Scope, Send

from localcloud.api.protocol import Request
from localcloud.api.request_head import RequestHead
from localcloud.faults.injector import Injector
from localcloud.faults.services import FaultyServices
from localcloud.server.gateway import Gateway

SIGNATURE = "AWS4-HMAC-SHA256 Credential={}, SignedHeaders=host, Signature=0"
CREDENTIAL = "local/20300101/eu-west-1/sagemaker/aws4_request"


def scope(*headers: tuple[str, str], query: str = "", path: str = "/") -> Scope:
    encoded = [(name.encode(), value.encode()) for name, value in headers]
    return {
        "type": "http",
        "method": "POST",
        "path": path,
        "headers": encoded,
        "query_string": query.encode(),
    }


def signed(credential: str) -> RequestHead:
    return RequestHead.of(scope(("authorization", SIGNATURE.format(credential))))


def test_header_is_found_in_any_case() -> None:
    assert "image/png" == Request(scope(("Content-Type", "image/png")), b"").header("content-type")


def test_header_sent_twice_is_the_first() -> None:
    assert "a" == RequestHead.of(scope(("accept", "a"), ("accept", "b"))).headers["accept"]


def test_header_that_is_missing_is_none() -> None:
    assert Request(scope(), b"").header("accept") is None


def test_region_and_service_are_those_of_the_credential_scope() -> None:
    assert "eu-west-1" == signed(CREDENTIAL).region
    assert "sagemaker" == signed(CREDENTIAL).service


def test_presigned_request_has_its_credential_in_the_query() -> None:
    head = RequestHead.of(scope(query=urlencode({"X-Amz-Credential": CREDENTIAL})))
    assert "eu-west-1" == head.region
    assert "sagemaker" == head.service


def test_service_in_the_path_is_not_the_service_of_the_signature() -> None:
    request = scope(("authorization", SIGNATURE.format(CREDENTIAL)), path="/s3/aws4_request")
    assert "sagemaker" == RequestHead.of(request).service


@pytest.mark.parametrize("region", ["..", "", "a b", "a.b", "EU"])
def test_region_that_cannot_name_a_folder_is_ignored(region: str) -> None:
    assert signed(f"local/20300101/{region}/sagemaker/aws4_request").region is None


def test_query_has_all_values_and_empty_ones() -> None:
    assert {"a": ["1", "2"], "b": [""]} == RequestHead.of(scope(query="a=1&a=2&b=")).query


def test_request_is_parsed_once_on_its_way_to_a_service(monkeypatch: pytest.MonkeyPatch) -> None:
    parse = RequestHead._parse
    parsed = list[Scope]()

    def counting(request: Scope) -> RequestHead:
        parsed.append(request)
        return parse(request)

    async def service(request: Scope, receive: Receive, send: Send) -> None:
        assert "eu-west-1" == Request(request, b"").signed_region()
        await PlainTextResponse("served")(request, receive, send)

    monkeypatch.setattr(RequestHead, "_parse", counting)
    app = FaultyServices(Injector(), lambda _: None).around(service)
    gateway = Gateway(app, app, app, service, lambda: None, 4566)
    headers = ("host", "127.0.0.1:4566"), ("authorization", SIGNATURE.format(CREDENTIAL))

    assert b"served" == asyncio.run(_body(gateway, scope(*headers)))
    assert 1 == len(parsed)


async def _body(app: Any, request: Scope) -> bytes:
    parts: list[bytes] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b""}

    async def send(message: Any) -> None:
        parts.append(message.get("body", b""))

    await app(request, receive, send)
    return b"".join(parts)
