"""S3 refuses keys above 1,024 bytes of UTF-8."""

from typing import Any

import pytest
from ministack.services import s3


@pytest.mark.usefixtures("ministack")
@pytest.mark.parametrize(
    ("status", "key"), [(200, "é" * 512), (400, "é" * 512 + "a"), (400, "a" * 1025)]
)
def test_key_of_more_than_1024_bytes_is_refused(status: int, key: str) -> None:
    s3._create_bucket("images", b"", {})
    answer: Any = s3._dispatch("PUT", "images", key, {}, b"image", {})
    assert status == answer[0]
    assert (status == 400) == (b"<Code>KeyTooLongError</Code>" in answer[2])
    s3.reset()
