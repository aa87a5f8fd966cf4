import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from algorithm import model
from algorithm.serving import Predictor, Response

Invoke = Callable[[bytes, str], Response]


@pytest.fixture
def invoke(model_dir: Path) -> Invoke:
    """Send an image of a content type to the trained model."""

    async def predict(image: bytes, content_type: str) -> Response:
        return await Predictor(model_dir).predict(content_type, image)

    return lambda image, content_type: asyncio.run(predict(image, content_type))


@pytest.mark.parametrize(
    "content_type", ["application/x-image", "image/png", "image/jpeg", "IMAGE/PNG; q=1"]
)
def test_image_answers_its_probabilities(
    invoke: Invoke, model_dir: Path, columns: bytes, content_type: str
) -> None:
    response = invoke(columns, content_type)
    assert 200 == response.status
    assert "application/json" == response.content_type
    assert model.load(model_dir).classify(columns) == json.loads(response.body)


@pytest.mark.parametrize("content_type", ["", "application/json", "application/octet-stream"])
def test_other_content_type_is_refused(invoke: Invoke, columns: bytes, content_type: str) -> None:
    response = invoke(columns, content_type)
    assert 415 == response.status
    assert "text/plain" == response.content_type
    assert b"application/x-image" in response.body


def test_undecodable_bytes_are_the_clients_error(invoke: Invoke) -> None:
    response = invoke(b"no image", "application/x-image")
    assert 400 == response.status
    assert b"The image is not a readable JPEG or PNG file." == response.body


def test_empty_body_is_the_clients_error(invoke: Invoke) -> None:
    response = invoke(b"", "application/x-image")
    assert 400 == response.status
    assert b"The body is empty: send the bytes of a JPEG or PNG image." == response.body


def test_many_invocations_at_once_each_get_their_own_answer(
    model_dir: Path, columns: bytes, blank: bytes
) -> None:
    async def answers() -> list[Response]:
        predictor = Predictor(model_dir)
        calls = [predictor.predict("application/x-image", image) for image in [columns, blank] * 8]
        return await asyncio.gather(*calls)

    served = model.load(model_dir)
    expected = [served.classify(columns), served.classify(blank)] * 8
    assert expected == [json.loads(answer.body) for answer in asyncio.run(answers())]


def test_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(model.InvalidModelError, match=r"model\.json"):
        Predictor(tmp_path)
