"""The commands of operation against the deployed service: redrive, reconcile, backlog."""

from collections import Counter
from pathlib import Path
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


def test_backlog_dry_run_only_shows_the_cost(
    service: Deployed, operations: Operations, prefix: str
) -> None:
    archive(service, prefix, 1)
    cost = operations("backlog", "--prefix", prefix, "--dry-run")
    assert 1 == cost["images"]
    assert 0 == cost["started"]
    assert cost["dollars"] > 0


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
    assert accounted["reconciled"] is True


def test_where_names_the_parts_of_the_service(service: Deployed, operations: Operations) -> None:
    places = operations("where")
    assert service.bucket == places["image_bucket"]
    assert service.endpoint == places["endpoint"]
    assert "scones-unlimited" == places["dashboard"]
    assert "/aws/events/scones-unlimited-decisions" in places["log_groups"]
    assert "/aws/lambda/scones-unlimited-serialize-image" in places["log_groups"]


def test_uploaded_folder_is_decided_and_its_results_are_found(
    service: Deployed, operations: Operations, tmp_path: Path
) -> None:
    folder = f"upload-{uuid4().hex[:8]}"
    for number in range(3):
        (tmp_path / f"{number}.png").write_bytes(TRUCK)
    (tmp_path / "broken.jpg").write_bytes(b"not an image")
    prefix = f"uploads/{folder}/"

    uploaded = operations("upload", str(tmp_path), "--prefix", prefix)
    assert {"ACCEPTED": 3, "REVIEW": 0, "UNREADABLE": 1, "FAILED": 0} == uploaded["outcomes"]
    again = operations("upload", str(tmp_path), "--prefix", prefix)
    assert 4 == again["uploaded_before"]
    assert uploaded["outcomes"] == again["outcomes"]

    [unreadable] = [
        result
        for result in operations("results", "--outcome", "UNREADABLE", "--since", "10m")["results"]
        if f"/{folder}/" in result["image_url"]
    ]
    assert "UnsupportedImageFormatError" == unreadable["error"]
    [truck] = operations("results", f"s3://{service.bucket}/{prefix}0.png")["results"]
    assert "truck" == truck["classification"]
    assert 1 == pytest.approx(sum(truck["class_probabilities"].values()), abs=0.01)


def test_image_of_another_bucket_is_refused_and_the_services_own_is_named(
    service: Deployed, operations: Operations
) -> None:
    refused = operations("results", "s3://elsewhere/uploads/a.png", status=1)
    assert "ImageOfAnotherStackError" == refused["error"]["type"]
    assert f"s3://{service.bucket}/" in refused["error"]["message"]


def test_misspelled_stack_names_the_stacks_of_the_service(
    service: Deployed, operations: Operations
) -> None:
    refused = operations("results", "--stack", "scones-unlimitd", status=1)
    assert f"Use --stack {service.stack}" in refused["error"]["message"]
