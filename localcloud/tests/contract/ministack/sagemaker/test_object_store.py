"""The local SageMaker reads MiniStack's objects in memory and on disk."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ministack.core.responses import request_scope
from ministack.services import kms, s3

from localcloud.ministack.sagemaker.object_store import MiniStackObjectStore
from localcloud.sagemaker.object_store import ObjectUnavailableError

ACCOUNT, REGION = "000000000000", "us-east-1"
KEYS = [
    "train/truck/1.png",
    "a b+é#.png",
    "a//b",
    "a/../b",
    "x.meta.json",
    "folder",
    "folder/below",
]


@pytest.fixture(params=[True, False], ids=["on disk", "in memory"])
def store(
    request: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MiniStackObjectStore]:
    """A store whose bucket "data" has an object under each key, with the key as content."""
    monkeypatch.setattr(s3, "S3_PERSIST", request.param)
    monkeypatch.setattr(s3, "DATA_DIR", str(tmp_path))

    with request_scope(ACCOUNT, REGION):
        assert 200 == s3._create_bucket("data", b"", {})[0]
        for key in KEYS:
            put(key, key.encode())

    yield MiniStackObjectStore(ACCOUNT, REGION)
    s3.reset()


def put(key: str, content: bytes) -> None:
    with request_scope(ACCOUNT, REGION):
        assert 200 == s3._put_object("data", key, content, {})[0]


@pytest.mark.parametrize("key", KEYS)
def test_object_is_read_by_its_raw_key(store: MiniStackObjectStore, key: str) -> None:
    assert key.encode() == store.read(f"s3://data/{key}")


@pytest.mark.parametrize("key", KEYS)
def test_object_is_available_as_a_file(
    store: MiniStackObjectStore, tmp_path: Path, key: str
) -> None:
    store.link(f"s3://data/{key}", tmp_path / "file")

    assert key.encode() == (tmp_path / "file").read_bytes()


def test_file_of_an_object_stays_as_it_was_when_the_object_is_replaced(
    store: MiniStackObjectStore, tmp_path: Path
) -> None:
    store.link("s3://data/folder", tmp_path / "file")

    put("folder", b"new")

    assert b"folder" == (tmp_path / "file").read_bytes()
    assert b"new" == store.read("s3://data/folder")


def test_file_that_exists_is_not_overwritten(store: MiniStackObjectStore, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"mine")

    with pytest.raises(FileExistsError):
        store.link("s3://data/folder", tmp_path / "file")
    assert b"mine" == (tmp_path / "file").read_bytes()


def test_objects_are_listed_in_the_order_of_their_keys(store: MiniStackObjectStore) -> None:
    assert ["s3://data/folder", "s3://data/folder/below"] == store.list("s3://data/fo")


def test_deleted_object_is_not_listed(store: MiniStackObjectStore) -> None:
    with request_scope(ACCOUNT, REGION):
        s3._put_bucket_versioning(
            "data", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        )
        s3._delete_object("data", "folder", {})

    assert ["s3://data/folder/below"] == store.list("s3://data/folder")


def test_missing_object_is_unavailable(store: MiniStackObjectStore, tmp_path: Path) -> None:
    with pytest.raises(ObjectUnavailableError, match="object does not exist: s3://data/none"):
        store.read("s3://data/none")
    with pytest.raises(ObjectUnavailableError, match="bucket does not exist: none"):
        store.list("s3://none/")


def test_url_of_another_scheme_is_unavailable(store: MiniStackObjectStore) -> None:
    with pytest.raises(ObjectUnavailableError, match="does not start with s3://"):
        store.read("https://data/folder")


def test_object_is_written_with_its_content_type(store: MiniStackObjectStore) -> None:
    store.write("s3://data/a b+é#.jsonl", b"{}", content_type="application/jsonlines")

    assert b"{}" == store.read("s3://data/a b+é#.jsonl")

    with request_scope(ACCOUNT, REGION):
        assert (
            "application/jsonlines"
            == s3._head_object("data", "a b+é#.jsonl", {})[1]["Content-Type"]
        )


def test_object_is_encrypted_with_the_key_that_is_given(store: MiniStackObjectStore) -> None:
    with request_scope(ACCOUNT, REGION):
        key = json.loads(kms._create_key({})[2])["KeyMetadata"]["KeyId"]
    store.write("s3://data/secret", b"content", key)

    assert key in str(store.key_of("s3://data/secret"))
    assert store.key_of("s3://data/folder") is None


def test_object_of_a_missing_bucket_is_refused_with_the_reason(
    store: MiniStackObjectStore,
) -> None:
    with pytest.raises(
        ObjectUnavailableError, match=r"s3://none/a cannot be written: .*\(NoSuchBucket\)"
    ):
        store.write("s3://none/a", b"content")
