import base64
from typing import Any

import pytest

from functions.classify_image.image_data import InvalidImageDataError, parse_image_data


@pytest.mark.parametrize("content_type", ["image/png", "image/jpeg"])
def test_parse_image_data_base64_gives_bytes(content_type: str) -> None:
    event = {"image_data": base64.b64encode(b"\x89PNG").decode(), "content_type": content_type}
    assert b"\x89PNG" == parse_image_data(event)


@pytest.mark.parametrize("image_data", [None, "", 7, ["aGk="], "a", "aGk=\n!", "é", "aGk"])
def test_parse_image_data_not_base64_is_refused(image_data: Any) -> None:
    with pytest.raises(InvalidImageDataError, match="image_data"):
        parse_image_data({"image_data": image_data, "content_type": "image/png"})


@pytest.mark.parametrize("content_type", [None, "", "text/plain", "image/webp", ["image/png"]])
def test_parse_image_data_other_content_type_is_refused(content_type: Any) -> None:
    with pytest.raises(InvalidImageDataError, match="content_type"):
        parse_image_data({"image_data": "aGk=", "content_type": content_type})


@pytest.mark.parametrize("event", [None, [], "aGk="])
def test_parse_image_data_other_event_is_refused(event: Any) -> None:
    with pytest.raises(InvalidImageDataError, match="must be an object"):
        parse_image_data(event)
