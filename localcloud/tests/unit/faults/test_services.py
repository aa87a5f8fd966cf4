"""Check each fault of a service as its client sees it, through the local cloud's own server."""

import json
from collections.abc import Iterator
from http.client import HTTPConnection, IncompleteRead, RemoteDisconnected
from threading import Event
from typing import Any

import pytest
from botocore.session import Session
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from localcloud.faults.injector import Injector
from localcloud.faults.kinds import KINDS
from localcloud.faults.plan import Plan
from localcloud.faults.services import FaultyServices, Sender
from localcloud.tests.unit.faults.served import served

ANSWER = b"[0.25, 0.75] and what else a service says"
SIGNED = (
    "AWS4-HMAC-SHA256 Credential=local/20300101/us-east-1/s3/aws4_request, "
    "SignedHeaders=host, Signature=0"
)
REQUESTS = {
    "get-object": ("GET", "/bucket/parcels/a.png", {"authorization": SIGNED}),
    "list-objects": ("GET", "/bucket/", {"authorization": SIGNED}),
    "get-parameter": ("POST", "/", {"x-amz-target": "AmazonSSM.GetParameter"}),
    "invoke-endpoint": ("POST", "/endpoints/e/invocations", {}),
}
ON_THE_WAY = {"endpoint-silent", "endpoint-cut-off", "endpoint-garbage", "endpoint-slow"}
OPERATIONS = ["get-object", "get-parameter", "invoke-endpoint"]


class World:
    """A service, a function "f" that sends requests to it, and a client for both and for others."""

    def __init__(self) -> None:
        self.injector = Injector()
        self.received: list[bytes] = []
        self.killed = Event()
        self.app = FaultyServices(self.injector, self.sender).around(self)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.received.append(await Request(scope, receive).body())
        await Response(ANSWER)(scope, receive, send)

    def sender(self, scope: Scope) -> Sender | None:
        return (
            Sender("parcels/a.png", self.killed.set)
            if (b"x-function", b"f") in scope["headers"]
            else None
        )

    def strike(self, *kinds: str) -> None:
        self.injector.follow(Plan(rates=dict.fromkeys(kinds, 1)))


class Client:
    def __init__(self, world: World, port: int) -> None:
        self.world = world
        self._port = port

    def ask(
        self, operation: str, function: bool = True, timeout: float = 5, body: bytes = b"pixels"
    ) -> Any:
        method, path, headers = REQUESTS[operation]
        connection = HTTPConnection("127.0.0.1", self._port, timeout=timeout)
        try:
            sender = {"x-function": "f"} if function else {}
            connection.request(
                method, path, None if method == "GET" else body, {**headers, **sender}
            )
            answer = connection.getresponse()
            return answer.status, answer.headers.get("x-amzn-errortype"), answer.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    world = World()
    with served(world.app) as port:
        yield Client(world, port)


@pytest.fixture(autouse=True)
def world(client: Client) -> Iterator[World]:
    yield client.world
    client.world.injector.heal()
    client.world.received.clear()
    client.world.killed.clear()


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("function", [True, False])
def test_without_a_fault_the_service_answers(
    client: Client, operation: str, function: bool
) -> None:
    assert (200, None, ANSWER) == client.ask(operation, function)


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [
        ("endpoint-throttled", 400, "ThrottlingException"),
        ("endpoint-not-ready", 429, "ModelNotReadyException"),
        ("endpoint-internal-failure", 500, "InternalFailure"),
        ("endpoint-unavailable", 503, "ServiceUnavailable"),
        ("endpoint-dependency-failed", 530, "InternalDependencyException"),
        ("endpoint-denied", 403, "AccessDeniedException"),
        ("endpoint-refuses", 400, "ValidationError"),
        ("endpoint-model-error", 424, "ModelError"),
    ],
)
def test_failing_endpoint_answers_the_error_without_its_model(
    client: Client, world: World, kind: str, status: int, code: str
) -> None:
    world.strike(kind)
    answered, said, _ = client.ask("invoke-endpoint")
    assert status == answered
    assert code == said
    assert [] == world.received


@pytest.mark.parametrize(
    "kind", ["endpoint-throttled", "endpoint-unavailable", "endpoint-denied", "endpoint-refuses"]
)
def test_error_of_an_endpoint_has_a_null_message(client: Client, world: World, kind: str) -> None:
    world.strike(kind)
    assert b'{"message": null}' == client.ask("invoke-endpoint")[2]


def test_statuses_of_endpoint_faults_are_those_of_the_service_model(
    client: Client, world: World
) -> None:
    errors = (
        Session()
        .get_service_model("sagemaker-runtime")
        .operation_model("InvokeEndpoint")
        .error_shapes
    )
    modelled = {shape.name: shape.metadata["error"]["httpStatusCode"] for shape in errors}
    injected = {}
    for kind in (kind for kind in KINDS if kind.startswith("endpoint-") and kind not in ON_THE_WAY):
        world.strike(kind)
        status, code, _ = client.ask("invoke-endpoint")
        injected[code] = status
    # ^No service model has AWS's common errors.
    assert modelled == {code: status for code, status in injected.items() if code in modelled}
    assert {"ThrottlingException", "AccessDeniedException"} == set(injected) - set(modelled)


def test_model_error_has_the_status_of_a_recoverable_container(
    client: Client, world: World
) -> None:
    world.strike("endpoint-model-error")
    assert 503 == json.loads(client.ask("invoke-endpoint")[2])["OriginalStatusCode"]


@pytest.mark.parametrize(
    ("kind", "status", "code"),
    [("s3-slow-down", 503, b"SlowDown"), ("s3-internal-error", 500, b"InternalError")],
)
def test_failing_s3_answers_its_error(
    client: Client, world: World, kind: str, status: int, code: bytes
) -> None:
    world.strike(kind)
    answered, _, body = client.ask("get-object")
    assert status == answered
    assert b"<Code>" + code + b"</Code>" in body


def test_throttled_parameter_store_names_its_error_in_the_body(
    client: Client, world: World
) -> None:
    world.strike("ssm-throttled")
    status, _, body = client.ask("get-parameter")
    assert 400 == status
    assert "ThrottlingException" == json.loads(body)["__type"]


@pytest.mark.parametrize(
    ("operation", "kind"), [("get-object", "s3-slow-down"), ("get-parameter", "ssm-throttled")]
)
def test_faults_do_not_strike_other_clients(
    client: Client, world: World, operation: str, kind: str
) -> None:
    world.strike(kind)
    assert (200, None, ANSWER) == client.ask(operation, function=False)


def test_endpoint_fails_other_clients_by_the_image_they_send(client: Client, world: World) -> None:
    answers = []
    for images in (b"abcdefgh", b"hgfedcba"):
        world.injector.follow(Plan(3, {"endpoint-throttled": 0.5}))
        answers.append(
            {
                image: client.ask("invoke-endpoint", False, body=bytes([image]))[0]
                for image in images
            }
        )
    assert answers[0] == answers[1]
    assert {200, 400} == set(answers[0].values())


def test_body_that_was_read_for_its_digest_still_reaches_the_service(
    client: Client, world: World
) -> None:
    client.ask("invoke-endpoint", function=False, body=b"x" * 100_000)
    assert [b"x" * 100_000] == world.received


def test_silent_endpoint_answers_nothing(client: Client, world: World) -> None:
    world.strike("endpoint-silent")
    with pytest.raises(TimeoutError):
        client.ask("invoke-endpoint", timeout=0.1)
    assert [] == world.received


def test_answer_that_is_cut_off_ends_in_the_middle(client: Client, world: World) -> None:
    world.strike("endpoint-cut-off")
    with pytest.raises(IncompleteRead) as cut:
        client.ask("invoke-endpoint")
    assert ANSWER[: len(ANSWER) // 2] == cut.value.partial


def test_garbage_is_a_success_with_binary_bytes(client: Client, world: World) -> None:
    world.strike("endpoint-garbage")
    status, _, body = client.ask("invoke-endpoint")
    assert 200 == status
    assert len(ANSWER) == len(body)
    with pytest.raises(UnicodeDecodeError):
        body.decode()


def test_slow_endpoint_answers_correctly(client: Client, world: World) -> None:
    world.strike("endpoint-slow")
    assert (200, None, ANSWER) == client.ask("invoke-endpoint")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize(("moment", "calls"), [("before", 0), ("after", 1)])
def test_process_is_killed_without_an_answer(
    client: Client, world: World, operation: str, moment: str, calls: int
) -> None:
    world.strike(f"lambda-killed-{moment}-{operation}")
    with pytest.raises((TimeoutError, RemoteDisconnected)):
        client.ask(operation, timeout=0.1)
    assert world.killed.wait(5)
    assert calls == len(world.received)


def test_listing_of_a_bucket_is_not_a_get_object(client: Client, world: World) -> None:
    world.strike("s3-slow-down")
    assert 200 == client.ask("list-objects")[0]
