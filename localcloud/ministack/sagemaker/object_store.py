"""Call MiniStack's S3 for the local SageMaker in this process.

Over HTTP it would serve only 280 objects a second.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import s3

from localcloud.ministack import state_saves
from localcloud.ministack.server_thread import Runner, run_here
from localcloud.sagemaker.object_store import ObjectUnavailableError, bucket_and_key

_ENCRYPTION_HEADER = "x-amz-server-side-encryption"
_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
# S3 API Reference, PutObject: the default of Content-Type.
_BYTES = "binary/octet-stream"
_ERROR = re.compile(rb"<Code>(?P<code>.*?)</Code>.*?<Message>(?P<message>.*?)</Message>", re.DOTALL)


@dataclass(frozen=True)
class MiniStackObjectStore:
    """The S3 of the local cloud, with the permissions of the account's root."""

    account: str
    region: str
    run: Runner = run_here

    def read(self, url: str) -> bytes:
        """Return an object.

        Raises:
            ObjectUnavailableError: the object does not exist.
        """
        with request_scope(self.account, self.region):
            content: bytes | None = s3._get_object_data(*bucket_and_key(url))
        if content is None:
            raise ObjectUnavailableError(f"The object does not exist: {url}.")
        return content

    def link(self, url: str, path: Path) -> None:
        """Make an object available as a file, which callers must only read.

        The two may share one file on disk: MiniStack replaces its files and never writes into them.
        A link takes 50 µs; a new file takes 2 ms on some disks.

        Raises:
            ObjectUnavailableError: the object does not exist.
            OSError: the file exists or cannot be created.
        """
        bucket, key = bucket_and_key(url)
        found = self._objects(bucket).get(key)
        if (
            found and found["body"] is None and s3._plain_path_key(key)
        ):  # otherwise MiniStack knows its place on disk
            with suppress(OSError):
                return os.link(Path(s3.DATA_DIR, self.account, bucket, key), path)

        with path.open("xb") as file:
            file.write(self.read(url))

        return None

    def list(self, prefix: str) -> list[str]:
        """Return the URLs with this prefix, in the order of their keys.

        Raises:
            ObjectUnavailableError: the bucket does not exist.
        """
        bucket, start = bucket_and_key(prefix)
        keys = sorted(key for key in list(self._objects(bucket)) if key.startswith(start))
        return [f"s3://{bucket}/{key}" for key in keys]

    def write(
        self, url: str, content: bytes, key: str | None = None, content_type: str = _BYTES
    ) -> None:
        """Create or replace an object, encrypted if a KMS key is given.

        MiniStack adds versions, events and persistence, as for any client.

        Raises:
            ObjectUnavailableError: S3 refuses the object, as for a missing bucket.
        """
        bucket, name = bucket_and_key(url)
        encryption = {_ENCRYPTION_HEADER: "aws:kms", _KEY_HEADER: key} if key else {}

        def put() -> tuple[int, dict[str, str], bytes]:
            with request_scope(self.account, self.region):
                answer: tuple[int, dict[str, str], bytes] = s3._put_object(
                    bucket, name, content, {"content-type": content_type, **encryption}
                )
            return answer

        status, _, body = self.run(put)
        if status != HTTPStatus.OK:
            found = _ERROR.search(body)
            reason = (
                f"{found['message'].decode()} ({found['code'].decode()})"
                if found
                else f"Status {status}"
            )
            raise ObjectUnavailableError(f"{url} cannot be written: {reason}.")

        state_saves.note_change()

    def key_of(self, url: str) -> str | None:
        """Return the KMS key of an object; None without a key or an object.

        Raises:
            ObjectUnavailableError: the bucket does not exist.
        """
        bucket, name = bucket_and_key(url)
        found = self._objects(bucket).get(name, {})
        key: str | None = found.get("preserved_headers", {}).get(_KEY_HEADER)
        return key

    def _objects(self, bucket: str) -> dict[str, Any]:
        with request_scope(self.account, self.region):
            found = s3._buckets.get(bucket)
        if found is None:
            raise ObjectUnavailableError(f"The bucket does not exist: {bucket}.")
        objects: dict[str, Any] = found["objects"]
        return objects
