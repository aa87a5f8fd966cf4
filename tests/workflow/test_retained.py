"""A deleted stack with decided images retains resources, which a command deletes."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import find_service
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from tests.workflow.deployed import TRUCK, Deployed
from tests.workflow.operations import Operations
from tests.workflow.second_stack import second_stack

STACK = "to-be-deleted"


@pytest.fixture(scope="module")
def left(cloud: Cloud, service: Deployed, operations: Operations) -> Any:
    """Names, and answers of `retained` before the deletion, after it, and with --delete."""
    with second_stack(cloud, service, STACK, {"Architecture": ARCHITECTURE}):
        names = find_service(cloud.client("cloudformation"), STACK)
        second = Deployed(cloud, names, service.endpoint)
        second.upload(TRUCK, "truck.webp")
        second.upload(TRUCK, "truck.webp")
        second.s3.delete_object(Bucket=names.image_bucket, Key="uploads/truck.webp")
        before = operations("retained", "--stack", STACK, "--delete", "--yes", status=1)
    kept = operations("retained", "--stack", STACK)
    deleted = operations("retained", "--stack", STACK, "--delete", "--yes")
    return names, before, kept, deleted


def test_stack_that_exists_is_refused(left: Any) -> None:
    assert "StackNotDeletedError" == left[1]["error"]["type"]


def test_deleted_stack_retained_images_records_and_their_key(left: Any) -> None:
    names, _, kept, _ = left
    assert ["image bucket", "table", "table", "encryption key"] == [
        one["kind"] for one in kept["retained"]
    ]
    named = [one["name"] for one in kept["retained"]][:3]
    assert [names.image_bucket, names.results_table, names.reviews_table] == named


def test_nothing_is_retained_after_retained_delete(
    left: Any, operations: Operations, cloud: Cloud
) -> None:
    names, _, _, deleted = left
    assert deleted["deleted"]
    assert [] == operations("retained", "--stack", STACK)["retained"]
    with pytest.raises(ClientError, match="404"):
        cloud.client("s3").head_bucket(Bucket=names.image_bucket)
    with pytest.raises(ClientError, match="ResourceNotFoundException"):
        cloud.client("dynamodb").describe_table(TableName=names.results_table)


@pytest.mark.usefixtures("left")
def test_deleted_stack_has_left_no_queue_log_or_alarm(cloud: Cloud) -> None:
    queues = cloud.client("sqs").list_queues(QueueNamePrefix=STACK).get("QueueUrls", [])
    logs = cloud.client("logs").get_paginator("describe_log_groups").paginate()
    groups = [
        group["logGroupName"]
        for page in logs
        for group in page["logGroups"]
        if STACK in group["logGroupName"]
    ]
    alarms = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=STACK)
    assert [] == queues
    assert [] == groups
    assert [] == alarms["MetricAlarms"]
    assert [] == alarms["CompositeAlarms"]
