"""A rule writes the events of its pattern to a log group."""

import json
from typing import Any

import pytest
from ministack.services import cloudwatch_logs, eventbridge, sqs

GROUP = "/aws/events/tests"
ARN = f"arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*"


@pytest.fixture(autouse=True)
def rule(ministack: Any) -> None:
    """Create a rule on "tests" with a log group as target."""
    eventbridge._ensure_default_bus()
    eventbridge._put_rule({"Name": "decisions", "EventPattern": json.dumps({"source": ["tests"]})})
    eventbridge._put_targets({"Rule": "decisions", "Targets": [{"Id": "log", "Arn": ARN}]})


def put_event() -> None:
    eventbridge._put_events(
        {"Entries": [{"Source": "tests", "DetailType": "Test", "Detail": '{"key": "é #"}'}]}
    )


def test_event_is_a_line_of_the_log_group() -> None:
    cloudwatch_logs._create_log_group({"logGroupName": GROUP})
    for _ in range(2):
        put_event()
    answer = cloudwatch_logs._filter_log_events({"logGroupName": GROUP})
    lines = [json.loads(event["message"]) for event in json.loads(answer[2])["events"]]
    assert [("tests", {"key": "é #"})] * 2 == [(line["source"], line["detail"]) for line in lines]


def test_event_for_a_missing_log_group_goes_to_the_dead_letter_queue() -> None:
    queue = sqs._act_create_queue({"QueueName": "dead-letters"}, "")["QueueUrl"]
    queue_arn = "arn:aws:sqs:us-east-1:000000000000:dead-letters"
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
    }
    policy = {"Statement": [{**allow, "Resource": queue_arn}]}
    sqs._queues[queue]["attributes"]["Policy"] = json.dumps(policy)
    target = {"Id": "log", "Arn": ARN, "DeadLetterConfig": {"Arn": queue_arn}}
    eventbridge._put_targets({"Rule": "decisions", "Targets": [target]})
    put_event()
    [message] = sqs._queues[queue]["messages"]

    assert "NO_RESOURCE" == message["message_attributes"]["ERROR_CODE"]["StringValue"]
