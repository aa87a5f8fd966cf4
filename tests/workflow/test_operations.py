"""The commands of operation against the deployed service: redrive, reconcile, backlog."""

from collections import Counter
from uuid import uuid4

import pytest

from tests.workflow.deployed import TRUCK, Deployed
from tests.workflow.operations import Operations


@pytest.fixture
def prefix() -> str:
    """A prefix of the test's own that the backlog may be taken from."""
    return f"archive/{uuid4().hex[:8]}/"


def archive(service: Deployed, prefix: str, count: int) -> set[str]:
    return {
        service.archive(TRUCK, f"{prefix.removeprefix('archive/')}{number}.png")
        for number in range(count)
    }


def decided_under(service: Deployed, prefix: str) -> Counter[str]:
    return Counter(url for url in service.decided_urls() if f"/{prefix}" in url)


def test_backlog_is_decided_once_and_started_again_does_nothing(
    service: Deployed, operations: Operations, prefix: str
) -> None:
    urls = archive(service, prefix, 12)
    first = operations("backlog", "--prefix", prefix, "--yes")
    executions = service.executions("SUCCEEDED")
    again = operations("backlog", "--prefix", prefix, "--yes")
    assert 12 == first["started"]
    assert 0 == again["started"]
    assert executions == service.executions("SUCCEEDED")
    assert dict.fromkeys(urls, 1) == decided_under(service, prefix)


def test_backlog_that_was_stopped_half_way_is_finished_by_the_next(
    service: Deployed, operations: Operations, prefix: str
) -> None:
    urls = archive(service, prefix, 24)
    stopped = operations("backlog", "--prefix", prefix, "--yes", "--no-wait", "--concurrency", "2")
    while len(decided_under(service, prefix)) < 4:
        pass
    service.stop(stopped["execution"])
    left = operations("backlog", "--prefix", prefix, "--yes")["started"]
    assert 0 < left < 24
    assert dict.fromkeys(urls, 1) == decided_under(service, prefix)


def test_backlog_without_a_yes_only_tells_the_price(
    service: Deployed, operations: Operations, prefix: str
) -> None:
    archive(service, prefix, 1)
    told = operations("backlog", "--prefix", prefix)
    assert 1 == told["images"]
    assert 0 == told["started"]
    assert told["dollars"] > 0


def test_failed_images_are_redriven_once_the_cause_is_gone(
    service: Deployed, operations: Operations
) -> None:
    with service.without_endpoint():
        urls = {service.put(TRUCK, f"redrive/{number}.png") for number in range(3)}
        service.wait_for(urls)
        assert {"FAILED"} == {service.record(url)["outcome"] for url in urls}
    operations("redrive", "--prefix", "uploads/redrive/", "--yes")
    assert {"ACCEPTED"} == {service.record(url)["outcome"] for url in urls}


def test_upload_without_a_record_is_found_and_started(
    service: Deployed, operations: Operations
) -> None:
    look = ("reconcile", "--prefix", "uploads/unheard/", "--older-than", "0s")
    with service.rule_disabled():
        url = service.put(TRUCK, "unheard/truck.png")
        assert 1 == operations(*look, status=1)["without_record"]
    operations(*look, "--start", status=1)
    service.wait_for({url})
    accounted = operations(*look)
    assert 1 == accounted["uploads"]
    assert 1 == accounted["accepted"]
    assert accounted["balanced"] is True
