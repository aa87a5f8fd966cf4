"""A list of image versions preserves any key."""

import pytest

from operations.service.image import ImageVersion
from operations.service.image_list import new_list
from untrusted.tests.hostile_text import KEY


@pytest.mark.parametrize(
    "key", [KEY, "uploads/=1+1", "uploads/a,b\"c'd", "uploads/a\r\nb\r", "uploads/ \u00a0"]
)
def test_keys_survive_the_list_unchanged(key: str) -> None:
    images = [
        ImageVersion(f"s3://images/{key}", "v1", "2026-11-23T06:20:11Z#", "v1") for _ in range(2)
    ]
    with new_list() as written:
        for image in images:
            written.add(image)
        assert images == list(written.images())
