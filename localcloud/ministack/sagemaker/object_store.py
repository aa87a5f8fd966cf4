"""MiniStack's S3, as fast as the local SageMaker needs it."""

import os
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from ministack.core.responses import request_scope
from ministack.services import s3

from localcloud.sagemaker.object_store import ObjectUnavailableError, bucket_and_key

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"


@dataclass(frozen=True)
class MiniStackObjectStore:
    """The S3 of the local cloud, with the rights of the account's root.

    Objects are listed and read in this process; over HTTP it would be 280 a second. Writing goes over HTTP as for any
    client: versions, events and persistence are MiniStack's.
    """

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    account: str
    region: str

    def read(self, url: str) -> bytes:
        """Return an object.

        Raises:
            ObjectUnavailableError: there is no such object.
        """
        with request_scope(self.account, self.region):
            content: bytes | None = s3._get_object_data(*bucket_and_key(url))
        if content is None:
            raise ObjectUnavailableError(f"There is no object {url}.")
        return content

    def link(self, url: str, path: Path) -> None:
        """Make an object a file, which must only be read: the two may be one on the disk.

        MiniStack replaces its files and never writes into them. A link takes 50 µs; a new file, on some disks, 2 ms.

        Raises:
            ObjectUnavailableError: there is no such object.
            OSError: there cannot be such a file, or there is one.
        """
        bucket, key = bucket_and_key(url)
        found = self._objects(bucket).get(key)
        if found and found["body"] is None and s3._plain_path_key(key):  # else MiniStack knows where it is
            with suppress(OSError):
                return os.link(Path(s3.DATA_DIR, self.account, bucket, key), path)
        with path.open("xb") as file:
            file.write(self.read(url))
        return None

    def list(self, prefix: str) -> list[str]:
        """Return the URLs that begin with this one, in the order of their keys.

        Raises:
            ObjectUnavailableError: there is no such bucket.
        """
        bucket, start = bucket_and_key(prefix)
        keys = sorted(key for key in list(self._objects(bucket)) if key.startswith(start))
        return [f"s3://{bucket}/{key}" for key in keys]

    def write(self, url: str, content: bytes, key: str | None = None) -> None:
        """Create an object, or replace it, encrypted with a KMS key if one is given.

        Raises:
            ObjectUnavailableError: there is no such bucket, or no way to it.
        """
        bucket, name = bucket_and_key(url)
        try:
            if key:
                encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key}
                self._client.put_object(Bucket=bucket, Key=name, Body=content, **encryption)  # type: ignore[arg-type]
            else:
                self._client.put_object(Bucket=bucket, Key=name, Body=content)
        except (ClientError, BotoCoreError) as exc:
            raise ObjectUnavailableError(str(exc)) from exc

    def key_of(self, url: str) -> str | None:
        """Return the KMS key that an object is encrypted with; None if there is no key or object.

        Raises:
            ObjectUnavailableError: there is no such bucket.
        """
        bucket, name = bucket_and_key(url)
        found = self._objects(bucket).get(name, {})
        key: str | None = found.get("preserved_headers", {}).get(_KEY_HEADER)
        return key

    def _objects(self, bucket: str) -> dict[str, Any]:
        with request_scope(self.account, self.region):
            found = s3._buckets.get(bucket)
        if found is None:
            raise ObjectUnavailableError(f"There is no bucket {bucket}.")
        objects: dict[str, Any] = found["objects"]
        return objects

    @cached_property
    def _client(self) -> "S3Client":
        # Made at the first use: the local cloud starts without waiting for it. Loopback addresses have no sub-domains.
        return boto3.session.Session(self.access_key_id, self.secret_access_key, region_name=self.region).client(
            "s3", endpoint_url=self.endpoint_url, config=Config(s3={"addressing_style": "path"})
        )
