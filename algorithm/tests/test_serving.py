import asyncio
import json
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

import httpx
import pytest

from algorithm import model
from algorithm.serving import create_app

Call = Callable[[httpx.AsyncClient], Coroutine[Any, Any, httpx.Response]]


@pytest.fixture
def ask(model_dir: Path) -> Callable[[Call], httpx.Response]:
    """Makes one call to the app that serves the trained model."""

    async def answer(call: Call) -> httpx.Response:
        transport = httpx.ASGITransport(create_app(model_dir))
        async with httpx.AsyncClient(transport=transport, base_url="http://container") as client:
            return await call(client)

    return lambda call: asyncio.run(answer(call))


@pytest.fixture
def invoke(ask: Callable[[Call], httpx.Response]) -> Callable[[bytes, str], httpx.Response]:
    """Posts an image of a content type to /invocations."""

    def post(image: bytes, content_type: str) -> httpx.Response:
        headers = {"content-type": content_type}
        return ask(lambda client: client.post("/invocations", content=image, headers=headers))

    return post


Invoke = Callable[[bytes, str], httpx.Response]


def test_ping_loaded_model_answers_200(ask: Callable[[Call], httpx.Response]) -> None:
    assert 200 == ask(lambda client: client.get("/ping")).status_code


@pytest.mark.parametrize("content_type", ["application/x-image", "image/png", "image/jpeg", "IMAGE/PNG; q=1"])
def test_invocations_image_answers_its_probabilities(
    invoke: Invoke, model_dir: Path, truck: bytes, content_type: str
) -> None:
    response = invoke(truck, content_type)
    assert 200 == response.status_code
    assert "application/json" == response.headers["content-type"]
    assert model.load(model_dir).classify(truck) == response.json()


@pytest.mark.parametrize("content_type", ["", "application/json", "application/octet-stream"])
def test_invocations_other_content_type_is_refused(invoke: Invoke, truck: bytes, content_type: str) -> None:
    response = invoke(truck, content_type)
    assert 415 == response.status_code
    assert "application/x-image" in response.text


def test_invocations_undecodable_bytes_are_the_clients_error(invoke: Invoke) -> None:
    response = invoke(b"no image", "application/x-image")
    assert 400 == response.status_code
    assert "The image is not a readable JPEG or PNG file." == response.text


def test_invocations_empty_body_is_the_clients_error(invoke: Invoke) -> None:
    response = invoke(b"", "application/x-image")
    assert 400 == response.status_code
    assert "The body is empty: send the bytes of a JPEG or PNG image." == response.text


def test_invocations_many_at_once_each_get_their_own_answer(model_dir: Path, truck: bytes, blank: bytes) -> None:
    async def answers() -> list[bytes]:
        transport = httpx.ASGITransport(create_app(model_dir))
        async with httpx.AsyncClient(transport=transport, base_url="http://container") as client:
            headers = {"content-type": "application/x-image"}
            calls = [client.post("/invocations", content=image, headers=headers) for image in [truck, blank] * 8]
            return [response.content for response in await asyncio.gather(*calls)]

    served = model.load(model_dir)
    expected = [served.classify(truck), served.classify(blank)] * 8
    assert expected == [json.loads(answer) for answer in asyncio.run(answers())]


def test_create_app_without_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(model.InvalidModelError, match=r"model\.json"):
        create_app(tmp_path)
