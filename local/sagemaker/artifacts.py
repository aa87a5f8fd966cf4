"""Model artifacts: read a model.tar.gz from S3 and unpack it where a container finds its model."""

import tarfile
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

# Unpacked; what the smallest hosting instances leave for a model, and far above the few MB of ours.
MAX_UNPACKED_BYTES = 4 * 1024**3


class ArtifactUnavailableError(Exception):
    """The model artifact cannot be read: check that the object exists and that the URL is s3://bucket/key."""


class BadArtifactError(Exception):
    """The model artifact is not a tar.gz archive that can be unpacked safely."""


class ArtifactStore(Protocol):
    """Where model artifacts are read from."""

    def read(self, url: str) -> bytes:
        """Return the object at s3://bucket/key; called in a thread, and by several at once.

        Raises:
            ArtifactUnavailableError: there is no such object, or no way to it.
        """


@dataclass(frozen=True)
class S3ArtifactStore:
    """Reads artifacts over HTTP from the S3 of the local cloud."""

    endpoint_url: str
    access_key_id: str
    secret_access_key: str
    region: str

    def read(self, url: str) -> bytes:
        """Return the object at s3://bucket/key.

        Raises:
            ArtifactUnavailableError: there is no such object, or no way to it.
        """
        parts = urlsplit(url, allow_fragments=False)
        if parts.scheme != "s3":
            raise ArtifactUnavailableError(f"{url} does not start with s3://.")
        try:
            found = self._client.get_object(Bucket=parts.netloc, Key=url.removeprefix(f"s3://{parts.netloc}/"))
            return found["Body"].read()
        except (ClientError, BotoCoreError) as exc:
            raise ArtifactUnavailableError(str(exc)) from exc

    @cached_property
    def _client(self) -> "S3Client":
        # Made at the first read: the local cloud starts without waiting for it. Loopback addresses have no sub-domains.
        return boto3.session.Session(self.access_key_id, self.secret_access_key, region_name=self.region).client(
            "s3", endpoint_url=self.endpoint_url, config=Config(s3={"addressing_style": "path"})
        )


def unpack(archive: bytes, folder: Path) -> None:
    """Unpack a model.tar.gz into a folder, which exists afterwards only if the archive was good to its end.

    Raises:
        BadArtifactError: no tar.gz, damaged, too large, or with a member that would land outside the folder.
    """
    partial = folder.with_name(folder.name + ".partial")
    rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        _extract(archive, partial)
    except (tarfile.TarError, OSError, EOFError, ValueError) as exc:
        rmtree(partial)
        raise BadArtifactError(str(exc)) from exc
    partial.rename(folder)


def _extract(archive: bytes, folder: Path) -> None:
    unpacked = 0
    with tarfile.open(fileobj=BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            unpacked += member.size
            if unpacked > MAX_UNPACKED_BYTES:
                raise tarfile.TarError(f"it unpacks to more than {MAX_UNPACKED_BYTES} bytes")
            # "data": no absolute paths, no .., no links that leave the folder, no devices.
            tar.extract(member, folder, filter="data")
