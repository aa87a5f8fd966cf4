"""S3 distinguishes malformed and unknown version ids."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from ministack.services import s3

VERSIONING = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"


@pytest.fixture(params=["_get_object", "_head_object"])
def read(request: pytest.FixtureRequest, ministack: Any) -> Iterator[Callable[..., Any]]:
    s3._create_bucket("images", b"", {})
    s3._create_bucket("unversioned", b"", {})
    s3._put_bucket_versioning("images", VERSIONING)

    for bucket in ("images", "unversioned"):
        s3._put_object(bucket, "a.png", b"image", {})

    def answer(version_id: str, bucket: str = "images") -> Any:
        return getattr(s3, request.param)(bucket, "a.png", {}, {"versionId": version_id})

    yield answer
    s3.reset()


@pytest.mark.parametrize(
    ("status", "version_id"),
    [
        (400, "dsf"),
        (400, "v1"),
        (400, "x" * 33),
        (404, "v5n1PPUjOCMHLyyfq0ayjoZ5RZLfVQKA"),
        (404, "0d4a4bb2-5b6d-4a1c-8f0e-1f6c1f1d9b55"),
        (404, "null"),
    ],
)
def test_unknown_version_id_is_not_found_and_malformed_one_is_refused(
    read: Callable[..., Any], status: int, version_id: str
) -> None:
    assert status == read(version_id)[0]


def test_malformed_version_id_is_an_invalid_argument(read: Callable[..., Any]) -> None:
    body = read("dsf")[2].decode()
    assert "<Code>InvalidArgument</Code>" in body
    assert "<ArgumentValue>dsf</ArgumentValue>" in body


def test_bucket_without_versions_refuses_a_malformed_version_id(read: Callable[..., Any]) -> None:
    assert [400, 200] == [read("nope", "unversioned")[0], read("null", "unversioned")[0]]


def test_delete_marker_can_only_be_deleted(read: Callable[..., Any]) -> None:
    marker = s3._delete_object("images", "a.png", {}, {})[1]["x-amz-version-id"]
    status, headers, _ = read(marker)
    assert 405 == status
    assert {"Allow": "DELETE", "x-amz-delete-marker": "true"}.items() <= headers.items()


def test_missing_bucket_is_not_found_with_any_version_id(read: Callable[..., Any]) -> None:
    assert 404 == read("dsf", "nowhere")[0]
