"""Which image is meant, and what S3's errors mean."""

import re
from typing import Any

import pytest

from functions.serialize_image.stored_image import (
    ImageAccessDeniedError,
    ImageArchivedError,
    ImageEncryptedError,
    ImageNotFoundError,
    ImageStoreUnavailableError,
    InvalidImageUrlError,
    StoredImage,
    parse_request,
    read_error,
)

TRUCK = StoredImage("images", "uploads/truck.png", "v1")


@pytest.mark.parametrize(
    "key",
    [
        "a",
        "uploads/truck.png",
        "a b+c%20d",
        "#?&=",
        'it\'s "quoted"',
        "é/ü/日本.png",
        "/a//b",
        "../x",
        "a\nb",
        "k" * 1024,
    ],
)
def test_parse_request_any_key_is_taken_raw(key: str) -> None:
    assert StoredImage("my.images-1", key) == parse_request(
        {"image_url": f"s3://my.images-1/{key}"}
    )


@pytest.mark.parametrize("value", ["v1", "é" * 512, None])
@pytest.mark.parametrize("name", ["version_id", "etag"])
def test_parse_request_version_id_and_etag_are_kept(name: str, value: str | None) -> None:
    assert value == getattr(parse_request({"image_url": "s3://images/a", name: value}), name)


@pytest.mark.parametrize(
    "image_url",
    [
        None,
        "",
        7,
        ["s3://images/a"],
        "truck.png",
        "s3://images",
        "s3://images/",
        "s3:///a",
        "s3://x/a",
        "s3://Images/a",
        "s3://-images/a",
        "S3://images/a",
        "https://images.s3.amazonaws.com/a",
        " s3://images/a",
        "s3://images/\ud800",
    ],
)
def test_parse_request_wrong_image_url_is_refused(image_url: Any) -> None:
    with pytest.raises(InvalidImageUrlError, match="s3://bucket/key"):
        parse_request({"image_url": image_url})


@pytest.mark.parametrize("event", [{}, None, [], "s3://images/a"])
def test_parse_request_without_image_url_is_refused(event: Any) -> None:
    with pytest.raises(InvalidImageUrlError, match="None"):
        parse_request(event)


def test_parse_request_key_longer_than_s3_allows_is_refused() -> None:
    with pytest.raises(InvalidImageUrlError, match="1024 bytes"):
        parse_request({"image_url": "s3://images/" + "é" * 513})


@pytest.mark.parametrize("value", ["", 7, {}, "v" * 1025, "é" * 513, "v\ud800"])
@pytest.mark.parametrize("name", ["version_id", "etag"])
def test_parse_request_wrong_version_id_or_etag_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidImageUrlError, match=name):
        parse_request({"image_url": "s3://images/a", name: value})


def test_get_object_request_without_version_id_asks_for_the_latest() -> None:
    assert {"Bucket": "images", "Key": "a"} == StoredImage("images", "a").get_object_request()


def test_get_object_request_with_version_id_asks_for_that_version() -> None:
    expected = {"Bucket": "images", "Key": "uploads/truck.png", "VersionId": "v1"}
    assert expected == TRUCK.get_object_request()


def test_get_object_request_with_etag_takes_nothing_else() -> None:
    expected = {"Bucket": "images", "Key": "a", "IfMatch": "7bdf6c"}
    assert expected == StoredImage("images", "a", etag="7bdf6c").get_object_request()


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (404, "NoSuchKey", ImageNotFoundError),
        (404, "NoSuchVersion", ImageNotFoundError),
        (405, "MethodNotAllowed", ImageNotFoundError),
        (412, "PreconditionFailed", ImageNotFoundError),
        (404, "NoSuchBucket", InvalidImageUrlError),
        (400, "InvalidArgument", ImageNotFoundError),
        (403, "AccessDenied", ImageAccessDeniedError),
        (403, "InvalidObjectState", ImageArchivedError),
        (400, "InvalidRequest", ImageEncryptedError),
        (400, "KMS.DisabledException", ImageAccessDeniedError),
        (500, "InternalError", ImageStoreUnavailableError),
        (503, "SlowDown", ImageStoreUnavailableError),
        (503, "503", ImageStoreUnavailableError),
        (429, "TooManyRequests", ImageStoreUnavailableError),
        (400, "RequestTimeout", ImageStoreUnavailableError),
    ],
)
def test_read_error_names_what_s3_answered(
    status: int, code: str, expected: type[Exception]
) -> None:
    error = read_error(
        TRUCK, {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    )
    assert expected is type(error)


def test_read_error_of_a_key_that_s3_does_not_accept_is_an_invalid_url() -> None:
    answer = {"Error": {"Code": "InvalidArgument"}, "ResponseMetadata": {"HTTPStatusCode": 400}}
    assert InvalidImageUrlError is type(
        read_error(StoredImage("images", "uploads/truck.png"), answer)
    )


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [
        (403, "InvalidObjectState", r"archived .+ Restore it .+, then redrive\."),
        (400, "InvalidRequest", r"encrypted with a key of its owner \(SSE-C\)\. Upload it without"),
        (403, "AccessDenied", "a bucket whose requester pays refuses it, too"),
    ],
)
def test_read_error_says_what_to_do(status: int, code: str, sentence: str) -> None:
    answer = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": status}}
    assert re.search(sentence, str(read_error(TRUCK, answer)))


def test_read_error_names_the_image() -> None:
    error = read_error(
        TRUCK, {"Error": {"Code": "NoSuchKey"}, "ResponseMetadata": {"HTTPStatusCode": 404}}
    )
    assert "s3://images/uploads/truck.png (version v1)" in str(error)
