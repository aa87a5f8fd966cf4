"""On a full disk S3 stores nothing of an operation, and answers an error that clients retry."""

import errno
import os
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ministack.services import s3

BUCKET = "images"
FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
FORM = (
    b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nform\r\n'
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\ncontent\r\n--x--\r\n'
)
TAGS = b"<Tagging><TagSet><Tag><Key>a</Key><Value>b</Value></Tag></TagSet></Tagging>"
DELETE = b"<Delete><Object><Key>there</Key></Object></Delete>"
type Operation = Callable[[], Any]


@pytest.fixture
def folder(ministack: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of a bucket that has the object "there" in two versions."""
    monkeypatch.setattr(s3, "S3_PERSIST", True)
    monkeypatch.setattr(s3, "DATA_DIR", str(tmp_path))
    s3._create_bucket(BUCKET, b"", {})
    yield tmp_path
    s3.reset()


@pytest.fixture
def events(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the sent events."""
    fired: list[str] = []

    def note(name: str) -> str:
        fired.append(name)
        return "0"

    monkeypatch.setattr(s3, "_next_event_sequencer", note)
    monkeypatch.setattr(s3, "_fire_s3_event", lambda *_event, **_more: None)
    s3._bucket_notifications[BUCKET] = "<NotificationConfiguration/>"

    return fired


def _put(
    key: str = "there", body: bytes = b"content", headers: Mapping[str, str] | None = None
) -> Any:
    return s3._put_object(BUCKET, key, body, dict(headers or {}))


def _upload() -> str:
    """Start a multipart upload with one part; return its id."""
    answer = s3._create_multipart_upload(BUCKET, "large", {})
    found = ET.fromstring(answer[2]).findtext("{*}UploadId")
    assert found
    s3._upload_part(BUCKET, "large", b"part", {"uploadId": [found], "partNumber": ["1"]}, {})
    return found


def _complete(upload_id: str) -> Any:
    etag = s3._multipart_uploads[upload_id]["parts"][1]["etag"]
    part = f"<Part><PartNumber>1</PartNumber><ETag>{etag}</ETag></Part>"
    body = f"<CompleteMultipartUpload>{part}</CompleteMultipartUpload>".encode()
    return s3._complete_multipart_upload(BUCKET, "large", body, {"uploadId": [upload_id]})


def _operations() -> dict[str, Operation]:
    upload_id = _upload()
    return {
        "put": lambda: _put("new"),
        "put with tags": lambda: _put(
            "new", headers={"x-amz-tagging": "a=b", "x-amz-acl": "private"}
        ),
        "put over": lambda: _put(body=b"other content"),
        "copy": lambda: s3._copy_object(BUCKET, "copy", {"x-amz-copy-source": f"/{BUCKET}/there"}),
        "form": lambda: s3._post_object(
            BUCKET, FORM, {"content-type": "multipart/form-data; boundary=x"}
        ),
        "multipart": lambda: _complete(upload_id),
        "delete": lambda: s3._delete_object(BUCKET, "there"),
        "delete many": lambda: s3._delete_objects(BUCKET, DELETE),
        "tag": lambda: s3._put_object_tagging(BUCKET, "there", TAGS),
    }


def _memory() -> Any:
    stores = (s3._object_versions, s3._object_tags, s3._object_acl, s3._multipart_uploads)
    objects = {
        key: {**record, "body": None} for key, record in s3._buckets[BUCKET]["objects"].items()
    }
    completed = list(s3._completed_multipart_uploads)
    return repr([objects, completed, *(sorted(store.items(), key=str) for store in stores)])


def _disk(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def _fill_after(writes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the disk store a number of files, half of the next file, and nothing more."""
    left = writes
    fdopen = os.fdopen

    def open_one(descriptor: int, *arguments: Any, **options: Any) -> Any:
        nonlocal left
        left -= 1
        if left >= 0:
            return fdopen(descriptor, *arguments, **options)

        os.write(descriptor, b"half")
        os.close(descriptor)
        raise FULL

    monkeypatch.setattr(os, "fdopen", open_one)


@pytest.mark.parametrize("versioned", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "put",
        "put with tags",
        "put over",
        "copy",
        "form",
        "multipart",
        "delete",
        "delete many",
        "tag",
    ],
)
def test_operation_on_a_full_disk_changes_nothing(
    name: str, versioned: bool, folder: Path, events: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _put()
    if versioned:
        s3._bucket_versioning[BUCKET] = "Enabled"
        _put(body=b"second")

    operation = _operations()[name]
    events.clear()
    before = _memory(), _disk(folder)
    failed = 0

    for writes in range(10):
        with monkeypatch.context() as full:
            _fill_after(writes, full)
            status, _, body = operation()
        if status < 300:
            break
        failed += 1
        assert 503 == status
        assert b"ServiceUnavailable" == body[body.index(b"Service") :][:18]
        assert before == (_memory(), _disk(folder))
        assert [] == events

    assert status < 300
    expected = 0 if name.startswith("delete") and not versioned else 1
    assert failed >= expected
    if name != "tag" and not name.startswith("delete"):
        assert 1 == len(events)


def test_stored_object_survives_a_restart(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as full:
        _fill_after(1, full)
        assert 503 == _put("first")[0]

    assert 200 == _put("second")[0]
    s3._buckets.clear()
    s3._load_persisted_data()
    assert ["second"] == list(s3._buckets[BUCKET]["objects"])
    assert b"content" == s3._get_object(BUCKET, "second", {}, {})[2]


def test_folder_that_cannot_be_created_is_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: Any, **_options: Any) -> None:
        raise FULL

    with monkeypatch.context() as full:
        full.setattr(os, "makedirs", fail)
        assert 503 == _put("deep/new")[0]

    assert "deep/new" not in s3._buckets[BUCKET]["objects"]


def test_key_of_a_stored_object_keeps_its_tags_and_acl(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _put(headers={"x-amz-tagging": "a=b"})
    with monkeypatch.context() as full:
        _fill_after(0, full)
        assert 503 == _put(headers={"x-amz-tagging": "a=c"})[0]
    assert {"a": "b"} == s3._object_tags[BUCKET, "there", None]
