"""Models whose archive says how they misbehave."""

import asyncio
import json
from pathlib import Path

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from localcloud.faults.models import FILE, honouring_faults
from localcloud.sagemaker.hosting.asgi import call_app

IMAGES = [str(number).encode() for number in range(200)]


def factory(_folder: Path) -> ASGIApp:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        body = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": body})

    return app


def answers(folder: Path, path: str = "/invocations") -> list[tuple[int, bytes]]:
    app = honouring_faults(factory)(folder)

    async def ask() -> list[tuple[int, bytes]]:
        answered = [await call_app(app, "POST", path, {}, image) for image in IMAGES]
        return [(one.status, one.body) for one in answered]

    return asyncio.run(ask())


def test_model_without_the_file_answers_as_it_is(tmp_path: Path) -> None:
    assert [(200, image) for image in IMAGES] == answers(tmp_path)


def test_every_fifth_request_fails_and_the_rest_is_answered(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"errors": 0.2}))
    assert [200, 200, 200, 200, 500] * 40 == [status for status, _ in answers(tmp_path)]


@pytest.mark.parametrize("faults", [{"errors": 1}, {"times_slower": 5}])
def test_ping_is_answered_whatever_the_fault(tmp_path: Path, faults: dict[str, float]) -> None:
    (tmp_path / FILE).write_text(json.dumps(faults))
    assert {200} == {status for status, _ in answers(tmp_path, "/ping")}


def test_slow_model_answers_the_same(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(json.dumps({"times_slower": 5}))
    assert [(200, image) for image in IMAGES] == answers(tmp_path)
