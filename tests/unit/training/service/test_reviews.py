"""Reviews in the tables of the service."""

from typing import Any

import pytest

from cli.service import StackOutdatedError
from tests.unit.training.reviewed_records import ReviewedService, ServiceStack
from training.service.reviews import (
    FOREIGN,
    INCOMPLETE,
    NoReviewsError,
    ServiceNotDeployedError,
    read_reviews,
)
from training.steps.context import Context
from untrusted.console import Console

QUIET = Console(quiet=True)


def read(context: Context) -> Any:
    return read_reviews(context.aws, "scones", QUIET)


def test_complete_review_is_read_with_version_label_and_draw(
    service: ReviewedService, service_context: Context
) -> None:
    url, version = service.review("a.png", "car", drawn=True, probability="0.01")
    [review] = read(service_context).complete
    assert f"{url}?versionId={version}" == review.path
    assert "car" == review.label
    assert review.drawn
    assert 0.01 == review.probability


def test_every_version_of_an_image_is_a_review_of_its_own(
    service: ReviewedService, service_context: Context
) -> None:
    keys = {service.review("a.png", "car"), service.review("a.png", "truck")}
    found = read(service_context).complete
    assert keys == {(review.image_url, review.version) for review in found}


def test_image_that_waits_for_a_second_opinion_has_no_review(
    service: ReviewedService, service_context: Context
) -> None:
    service.review("a.png")
    service.review("b.png", drawn=True, review=None, waits_for={"S": "SECOND_OPINION"})
    found = read(service_context)
    assert ["s3://images/uploads/a.png"] == [review.image_url for review in found.complete]
    assert 1 == found.waiting


def test_record_with_a_review_that_waits_again_has_no_review(
    service: ReviewedService, service_context: Context
) -> None:
    service.review("a.png")
    service.review("b.png", drawn=True, waits_for={"S": "SECOND_OPINION"})
    assert 1 == len(read(service_context).complete)


@pytest.mark.parametrize(
    "audit",
    [
        None,
        {"M": {"drawn": {"BOOL": True}}},
        {"M": {"drawn": {"BOOL": True}, "probability": {"N": "0"}}},
    ],
)
def test_review_without_a_known_draw_is_left_out_by_name(
    service: ReviewedService, service_context: Context, audit: Any
) -> None:
    service.review("a.png")
    service.review("b.png", audit=audit)
    [left_out] = read(service_context).left_out
    assert INCOMPLETE == left_out.reason
    assert left_out.path.startswith("s3://images/uploads/b.png?versionId=")


def test_image_of_another_bucket_is_left_out(
    service: ReviewedService, service_context: Context
) -> None:
    service.review("a.png")
    _, version = service.review("b.png", image_url={"S": "s3://images-of-others/b.png"})
    answer = {"image_url": {"S": "s3://images-of-others/b.png"}, "answer": {"S": f"{version}#1"}}
    item: Any = {**answer, "version": {"S": version}}
    service_context.aws.dynamodb.put_item(TableName="reviews", Item=item)
    [left_out] = read(service_context).left_out
    assert FOREIGN == left_out.reason


def test_unknown_verdict_is_left_out(service: ReviewedService, service_context: Context) -> None:
    service.review("a.png")
    service.review("b.png", verdict="MAYBE")
    assert 1 == len(read(service_context).left_out)


def test_deleted_record_is_not_a_review(service: ReviewedService, service_context: Context) -> None:
    service.review("a.png")
    url, version = service.review("b.png")
    key = {"image_url": {"S": url}, "version": {"S": version}}
    service_context.aws.dynamodb.delete_item(TableName="results", Key=key)
    assert 1 == len(read(service_context).complete)


def test_service_without_reviews_is_an_error(
    service: ReviewedService, service_context: Context
) -> None:
    service.review("b.png", review=None, waits_for={"S": "REVIEW"})
    with pytest.raises(NoReviewsError, match="1 images wait for another answer"):
        read(service_context)


def test_environment_without_a_service_is_an_error(
    service_context: Context, service_stack: ServiceStack
) -> None:
    service_stack.table = None
    with pytest.raises(ServiceNotDeployedError, match=r"the stack scones, which is not in"):
        read(service_context)


def test_stack_without_a_reviews_table_is_an_error(
    service_context: Context, service_stack: ServiceStack
) -> None:
    service_stack.reviews = None
    with pytest.raises(StackOutdatedError, match="no reviews table"):
        read(service_context)
