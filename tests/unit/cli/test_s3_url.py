"""Split S3 URLs, and refuse other texts."""

import pytest

from cli.s3_url import InvalidS3UrlError, split_s3_url


@pytest.mark.parametrize("url", ["s3://b/models/a b.tar.gz", "s3://b/models/a b.tar.gz/"])
def test_a_url_is_split_into_bucket_and_key(url: str) -> None:
    assert ("b", "models/a b.tar.gz") == split_s3_url(url)


@pytest.mark.parametrize("url", ["", "b/key", "s3:///key", "s3://b", "s3://b/", "https://b/key"])
def test_text_that_is_not_an_s3_url_is_refused(url: str) -> None:
    with pytest.raises(InvalidS3UrlError, match="s3://bucket/key"):
        split_s3_url(url)
