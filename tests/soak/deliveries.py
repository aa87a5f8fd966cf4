"""Deliver every event several times in any order: one record per version, few extra calls."""

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from cli.outcomes import CLASSIFIED
from cli.service import Service
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud
from tests.soak.cloud_state import Identity, newest_record, recorded
from tests.soak.plan import faults_of
from tests.soak.rest import running_executions, wait_until_at_rest
from tests.soak.subscription import subscription
from tests.soak.traffic import Sent, put

VERSIONS, DELIVERIES = 2, 5
MOST_CALLS = 1.01  # of the endpoint for a version, when its duplicates come later
# No rule of the service watches this prefix, but its functions may read it.
_PREFIX = "archive/deliveries/"
_UNDER_WAY = 32  # executions; each is a thread of the local cloud


@dataclass(frozen=True)
class DeliveryVerdict:
    """The result of the deliveries.

    Args:
        versions: The number of image versions; each was delivered `DELIVERIES` times.
        calls_later: Endpoint calls per version if duplicates follow the first execution.
        calls_at_once: The same when all deliveries are shuffled.
        wrong: Differences, as sentences.
    """

    versions: int
    calls_later: float
    calls_at_once: float
    wrong: list[str]

    @property
    def holds(self) -> bool:
        """Return whether each version has one record, the newest is current, and calls are few."""
        return not self.wrong and self.calls_later <= MOST_CALLS

    def __str__(self) -> str:
        """Return the figures in a sentence."""
        return (
            f"{self.versions} image versions, {DELIVERIES} deliveries each: "
            f"{self.calls_later:.3f} endpoint calls a version when the duplicates come later, "
            f"{self.calls_at_once:.3f} when they come at once"
        )


def deliver(
    cloud: Cloud, service: Service, samples: Sequence[Sample], keys: int, seed: int
) -> DeliveryVerdict:
    """Deliver the events of `VERSIONS` versions of each key `DELIVERIES` times, in both ways.

    Args:
        cloud: A local cloud with faults enabled, which count the endpoint calls; none is injected.
        service: The service on it.
        samples: The valid images to upload.
        keys: The number of keys.
        seed: The seed of the order.
    """
    wrong: list[str] = []
    calls: list[float] = []
    # Once and then the rest, or all at once.
    for way, rounds in (("later", (1, DELIVERIES - 1)), ("at-once", (DELIVERIES,))):
        random, prefix = Random(seed), f"{_PREFIX}{way}-{seed}/"  # repeatable, not secret
        faults_of(cloud.url).plan(seed)
        uploads, events = _uploaded(cloud, service, samples, prefix, keys)
        for times in rounds:
            _start(cloud, service, random.sample(events * times, len(events) * times))
        wrong += _violations(
            cloud,
            service,
            uploads,
            recorded(cloud, service, f"s3://{service.image_bucket}/{prefix}"),
        )
        passed = faults_of(cloud.url).passed("endpoint-throttled")
        calls.append(
            sum(count for key, count in passed.items() if key.startswith(prefix)) / len(uploads)
        )
    later, at_once = calls
    return DeliveryVerdict(keys * VERSIONS, later, at_once, wrong)


def _uploaded(
    cloud: Cloud, service: Service, samples: Sequence[Sample], prefix: str, keys: int
) -> tuple[list[Sent], list[dict[str, Any]]]:
    """Upload all versions in turn; return the uploads in order, and the events of S3."""
    bucket = {"name": [service.image_bucket]}
    detail = {"bucket": bucket, "object": {"key": [{"prefix": prefix}]}}
    pattern = {"source": ["aws.s3"], "detail-type": ["Object Created"], "detail": detail}
    s3, numbers = (
        cloud.client("s3"),
        [(key, version) for version in range(VERSIONS) for key in range(keys)],
    )
    with subscription(cloud, "soak-deliveries", pattern) as subscribed:
        uploads = [
            put(
                s3,
                service.image_bucket,
                f"{prefix}{key:04}",
                samples[(key + version) % len(samples)],
            )
            for key, version in numbers
        ]
        events: list[dict[str, Any]] = []
        while len(events) < len(uploads):
            events += subscribed.receive()
    return uploads, events


def _start(cloud: Cloud, service: Service, events: Sequence[Mapping[str, Any]]) -> None:
    """Start the workflow as the rule does, and wait for its executions to end."""
    states = cloud.client("stepfunctions")
    for number, event in enumerate(events):
        states.start_execution(stateMachineArn=service.workflow_arn, input=json.dumps(event))
        while number % 8 == 0 and running_executions(states, service) > _UNDER_WAY:
            time.sleep(0.1)
    wait_until_at_rest(cloud, service)


def _violations(
    cloud: Cloud,
    service: Service,
    uploads: Sequence[Sent],
    records: Mapping[Identity, Mapping[str, Any]],
) -> Iterator[str]:
    if records.keys() != {upload.identity for upload in uploads}:
        yield f"{len(uploads)} versions have {len(records)} records"
    for identity, record in records.items():
        if record.get("outcome") not in CLASSIFIED:
            yield f"{identity} is {record.get('outcome')}"
    database = cloud.client("dynamodb")
    for upload in uploads[-(len(uploads) // VERSIONS) :]:  # the last version of each key
        current = newest_record(database, service, upload.image_url)
        if current["version"] != upload.version:
            yield (
                f"{upload.image_url} has version {current['version']} as its current record, "
                f"not {upload.version}"
            )
