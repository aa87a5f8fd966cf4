"""Run one soak on a deployed service: faults and uploads, rest, repair, count."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from cli.outcomes import CLASSIFIED
from cli.service import Service
from examples.demo.uploads import Sample
from localcloud.server.cloud import Cloud
from tests.soak.accounting import Evidence, count, violations
from tests.soak.announcements import announcements
from tests.soak.changes import changes
from tests.soak.cloud_state import Identity, executions_by_status, newest_versions, recorded
from tests.soak.plan import RATES, faults_of, outages, planned
from tests.soak.repair import is_accounted_for, redrive, start_what_is_missing
from tests.soak.rest import wait_until_at_rest
from tests.soak.traffic import Sent, send
from tests.soak.verdict import Verdict

# Seconds, instead of the failure queue's VisibilityTimeout: the time until an unrecorded failure
# is received again. The local cloud scales it as it does all waits, here to 1 s.
RECORD_AGAIN_AFTER = 50


@dataclass
class Stopwatch:
    """Measure the time of each part."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Time the block."""
        began = time.monotonic()
        yield
        self.seconds[name] = round(time.monotonic() - began, 1)


def soak(
    cloud: Cloud,
    service: Service,
    samples: Sequence[Sample],
    reference: Mapping[str, Mapping[str, Any]],
    uploads: int,
    seed: int,
    rates: Mapping[str, float] = RATES,
    advance: Callable[[], object] = lambda: None,
) -> Verdict:
    """Upload under faults, heal, repair, and count.

    Args:
        cloud: A local cloud with faults enabled.
        service: The service on it.
        samples: The images to upload.
        reference: The result of each sample without faults, by the sample's name.
        uploads: The number of uploads.
        seed: The seed of uploads and faults.
        rates: The probability of each kind of fault; none at all is a soak without faults.
        advance: Called after each upload.

    Raises:
        NotAtRestError: executions or messages made no progress.
        RepairError: a command of the repair failed.
    """
    faults, watch, prefix = faults_of(cloud.url), Stopwatch(), f"uploads/soak/{seed}/"
    urls = f"s3://{service.image_bucket}/{prefix}"
    _hurry_failures(cloud, service)
    with changes(cloud, service.results_table) as changed, announcements(cloud) as announced:
        faults.plan(seed, rates, outages() if rates else ())
        with watch.part("uploads"):
            plan = planned(seed, uploads, samples)
            sent = send(cloud.client("s3"), service.image_bucket, plan, announced, advance)
        with watch.part("rest"):
            injected = faults.heal()
            wait_until_at_rest(cloud, service)
        before = recorded(cloud, service, urls)
        executions = executions_by_status(cloud, service)
        with watch.part("repair"):
            redrive(cloud, prefix)
            start_what_is_missing(cloud, prefix)
            wait_until_at_rest(cloud, service)
        calls = faults.passed("endpoint-throttled")
    with watch.part("count"):
        evidence = Evidence(
            sent=sent,
            newest=newest_versions(cloud, service, prefix),
            records=recorded(cloud, service, urls),
            decided_before_repair={
                identity for identity, record in before.items() if "outcome" in record
            },
            succeeded_before_repair=executions["SUCCEEDED"],
            announced=[told for told in announced.heard if told.identity[0].startswith(urls)],
            changes=[change for change in changed.made if change.identity[0].startswith(urls)],
            endpoint_calls=calls,
            reference=reference,
            reconciled=is_accounted_for(cloud, prefix),
        )
        wrong = violations(evidence)
    return Verdict(
        seed=seed,
        uploads=len(sent),
        faults=injected,
        before_repair=count(sent, before),
        outcomes=count(sent, evidence.records),
        announcements=len(evidence.announced),
        executions={status: len(arns) for status, arns in executions.items()},
        violations=wrong,
        seconds=watch.seconds,
        images_per_second=round(len(sent) / (watch.seconds["uploads"] + watch.seconds["rest"]), 1),
        good_p99_ms=_good_p99(sent, evidence.records),
    )


def _good_p99(sent: Sequence[Sent], records: Mapping[Identity, Mapping[str, Any]]) -> float:
    """Return the 99th percentile of the milliseconds to a decision, of images with a label."""
    found = [records[one.identity] for one in sent if one.sample.label and one.identity in records]
    times = sorted(
        float(record["processing_time_ms"])
        for record in found
        if record.get("outcome") in CLASSIFIED
    )
    return times[len(times) * 99 // 100] if times else 0.0


def _hurry_failures(cloud: Cloud, service: Service) -> None:
    """Make an unrecorded failure available again after seconds instead of a minute."""
    attributes = {"VisibilityTimeout": str(RECORD_AGAIN_AFTER)}
    cloud.client("sqs").set_queue_attributes(
        QueueUrl=service.failure_queue_url, Attributes=attributes
    )
