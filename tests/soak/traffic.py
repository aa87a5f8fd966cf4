"""Upload with an ordinary S3 client, never far ahead of the decisions, to limit memory."""

import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING

from examples.demo.uploads import Sample
from tests.soak.announcements import Announcements
from tests.soak.cloud_state import Identity
from tests.soak.plan import Planned

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_CLIENTS = 4
# Uploads without a decision. Executions of the local cloud are threads: more only slow it down.
LEAD = 96
# Seconds after which an upload no longer blocks others: its event may be lost until the repair.
OVERDUE = 15.0


@dataclass(frozen=True)
class Sent:
    """An upload that S3 confirmed, with which everything else is compared."""

    image_url: str
    version: str
    sample: Sample

    @property
    def identity(self) -> Identity:
        """Return image URL and version."""
        return self.image_url, self.version


def send(
    s3: "S3Client",
    bucket: str,
    uploads: Iterable[Planned],
    announced: Announcements,
    advance: Callable[[], object] = lambda: None,
    lead: int = LEAD,
) -> list[Sent]:
    """Make the uploads, at most ``lead`` before the announcements; call ``advance`` after each."""
    sent: list[Sent] = []
    waiting: dict[Identity, float] = {}

    with ThreadPoolExecutor(_CLIENTS) as clients:
        for batch in batched(uploads, _CLIENTS, strict=False):
            for upload in clients.map(
                lambda it: put(s3, bucket, f"uploads/{it.name}", it.sample), batch
            ):
                sent.append(upload)
                waiting[upload.identity] = time.monotonic()
                advance()
            while len(waiting) >= lead:
                time.sleep(0.02)
                waiting = _undecided(waiting, announced)
    return sent


def put(s3: "S3Client", bucket: str, key: str, sample: Sample) -> Sent:
    """Make one upload."""
    answer = s3.put_object(Bucket=bucket, Key=key, Body=sample.path.read_bytes())
    return Sent(f"s3://{bucket}/{key}", answer["VersionId"], sample)


def _undecided(waiting: dict[Identity, float], announced: Announcements) -> dict[Identity, float]:
    oldest = time.monotonic() - OVERDUE
    return {
        identity: since
        for identity, since in waiting.items()
        if since > oldest and identity not in announced.decided
    }
