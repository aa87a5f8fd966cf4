import http.client
import socket
from collections.abc import Iterator
from http import HTTPStatus
from time import monotonic

import pytest

from localcloud.lambda_runtime.runtime_api import Call, RuntimeApi


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    api = RuntimeApi()
    yield api
    api.close()


@pytest.fixture
def runtime(api: RuntimeApi) -> Iterator[socket.socket]:
    """Return the runtime's end of a connection that the API has accepted."""
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        assert api.read(soon()) is None
        yield connection


def soon() -> float:
    return monotonic() + 5


def test_call_that_arrives_in_pieces_is_read_whole(api: RuntimeApi, runtime: socket.socket) -> None:
    for piece in (
        b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nContent-",
        b"Length: 4\r\n\r\n",
        b"12",
        b"34",
    ):
        runtime.sendall(piece)
    assert Call("/2018-06-01/runtime/invocation/1/response", b"1234") == api.read(soon())


def test_incomplete_call_is_ignored(api: RuntimeApi, runtime: socket.socket) -> None:
    runtime.sendall(
        b"POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\nContent-Length: 4\r\n\r\n12"
    )
    runtime.shutdown(socket.SHUT_WR)
    assert api.read(soon()) is None


def test_call_that_is_not_complete_in_time_raises(api: RuntimeApi, runtime: socket.socket) -> None:
    runtime.sendall(b"GET /2018-06-01/")
    with pytest.raises(TimeoutError):
        api.read(monotonic() + 0.01)


def test_connection_after_a_closed_one_is_served(api: RuntimeApi, runtime: socket.socket) -> None:
    runtime.shutdown(socket.SHUT_WR)
    assert api.read(soon()) is None
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port))) as again:
        again.sendall(b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\n\r\n")
        assert [None, Call("/2018-06-01/runtime/invocation/next", b"")] == [
            api.read(soon()) for _ in range(2)
        ]


def test_reply_is_understood_by_an_http_client(api: RuntimeApi, runtime: socket.socket) -> None:
    api.reply(HTTPStatus.OK, b'{"a": 1}', {"Lambda-Runtime-Aws-Request-Id": "1"})
    response = http.client.HTTPResponse(runtime)
    response.begin()
    with response:
        assert 200 == response.status
        assert "1" == response.getheader("lambda-runtime-aws-request-id")
        assert b'{"a": 1}' == response.read()


@pytest.mark.parametrize(
    ("path", "is_error", "is_init_error"),
    [
        ("/2018-06-01/runtime/invocation/next", False, False),
        ("/2018-06-01/runtime/invocation/1/response", False, False),
        ("/2018-06-01/runtime/invocation/1/error", True, False),
        ("/2018-06-01/runtime/init/error", True, True),
    ],
)
def test_path_of_a_call_shows_whether_it_is_an_error(
    path: str, is_error: bool, is_init_error: bool
) -> None:
    call = Call(path, b"")
    assert is_error == call.is_error
    assert is_init_error == call.is_init_error
