"""Lifecycle finds the tag of a version that waits for nobody, and of no other version."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from itertools import count
from typing import Any
from uuid import uuid4

import pytest

from cli.service import find_service
from localcloud.server.cloud import Cloud
from review.images import Answer, ImageKey, Reason, Verdict
from review.reviewer import Reviewer
from review.service.queue import ReviewQueue
from tests.workflow.deployed import TRUCK, Deployed

ACCEPTS_ALL, REVIEWS_ALL = 0.000001, 1  # confidence thresholds
OURS, THEIRS = {"review-state": "decided"}, {"owner": "anne & bert"}
ANNE = Reviewer("anne", "page")

type Decide = Callable[[float], ImageKey]


@pytest.fixture
def queue(cloud: Cloud) -> ReviewQueue:
    """The review queue of the deployed service."""
    service = find_service(cloud.client("cloudformation"))
    clients = cloud.client("dynamodb"), cloud.client("events")
    return ReviewQueue(*clients, service.results_table, service.require_reviews())


@pytest.fixture
def decide(service: Deployed) -> Decide:
    """Decide an image with a tag of its user, until one is not drawn for an audit."""
    folder = f"tags/{uuid4().hex[:8]}"

    def decided(threshold: float) -> ImageKey:
        for number in count():
            url = service.archive(TRUCK, f"{folder}/{number}.webp")
            service.s3.put_object_tagging(
                Bucket=service.bucket, Key=_key(service, url), Tagging=_tag_set(THEIRS)
            )
            output = service.start({"image_url": url, "confidence_threshold": threshold}).output
            if not output["audit"]["drawn"]:
                return ImageKey(url, output["version"])
        raise AssertionError

    return decided


def _key(service: Deployed, url: str) -> str:
    return url.removeprefix(f"s3://{service.bucket}/")


def _tag_set(tags: dict[str, str]) -> Any:
    return {"TagSet": [{"Key": key, "Value": value} for key, value in tags.items()]}


def tags(service: Deployed, image: ImageKey, expected: dict[str, str]) -> dict[str, str]:
    """Return the tags of a version, after a short wait for the expected ones."""
    deadline = time.monotonic() + 10
    while True:
        found = service.s3.get_object_tagging(
            Bucket=service.bucket, Key=_key(service, image.image_url), VersionId=image.version
        )
        shown = {tag["Key"]: tag["Value"] for tag in found["TagSet"]}
        if shown == expected or time.monotonic() > deadline:
            return shown
        time.sleep(0.05)


def answer(image: ImageKey) -> Answer:
    return Answer(
        answer_id="answer-1",
        key=image,
        verdict=Verdict.NOT_USABLE,
        label=None,
        reviewer=ANNE.name,
        answered_at=datetime.now(UTC).isoformat(),
        reason=Reason.REVIEW,
        model_digest="",
        seconds=1,
    )


def test_accepted_version_is_tagged_and_keeps_other_tags(service: Deployed, decide: Decide) -> None:
    image = decide(ACCEPTS_ALL)
    assert THEIRS | OURS == tags(service, image, THEIRS | OURS)


def test_unreadable_version_is_tagged(service: Deployed) -> None:
    url = service.archive(b"Dear sir or madam,", f"tags/{uuid4().hex[:8]}.jpg")
    image = ImageKey(url, service.start({"image_url": url}).output["version"])
    assert OURS == tags(service, image, OURS)


def test_version_for_review_is_tagged_when_its_review_is_complete_and_untagged_by_an_undo(
    service: Deployed, decide: Decide, queue: ReviewQueue
) -> None:
    accepted, image = decide(ACCEPTS_ALL), decide(REVIEWS_ALL)
    tags(service, accepted, THEIRS | OURS)
    assert THEIRS == tags(service, image, THEIRS)

    queue.answer(answer(image), ANNE)
    assert THEIRS | OURS == tags(service, image, THEIRS | OURS)

    queue.undo(image, "answer-1", ANNE)
    assert THEIRS == tags(service, image, THEIRS)
