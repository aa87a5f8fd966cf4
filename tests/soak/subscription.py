"""Receive events of the default event bus with an own rule and queue."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from localcloud.server.cloud import Cloud

_BATCH = 10  # SQS's limit


class Subscription:
    """The queue of a rule, read by one thread."""

    def __init__(self, queues: Any, url: str) -> None:
        self._queues = queues
        self._url = url

    def receive(self) -> list[dict[str, Any]]:
        """Receive events from the queue; wait at most a second for the first."""
        answer = self._queues.receive_message(
            QueueUrl=self._url, MaxNumberOfMessages=_BATCH, WaitTimeSeconds=1
        )
        messages = answer.get("Messages", [])
        if messages:
            entries = [
                {"Id": str(n), "ReceiptHandle": m["ReceiptHandle"]} for n, m in enumerate(messages)
            ]
            self._queues.delete_message_batch(QueueUrl=self._url, Entries=entries)
        return [json.loads(message["Body"]) for message in messages]


@contextmanager
def subscription(cloud: Cloud, name: str, pattern: Mapping[str, Any]) -> Iterator[Subscription]:
    """Send all events of a pattern to a queue during the block."""
    queues, events = cloud.client("sqs"), cloud.client("events")
    url = queues.create_queue(QueueName=name)["QueueUrl"]
    arn = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    rule = events.put_rule(Name=name, EventPattern=json.dumps(pattern))["RuleArn"]
    queues.set_queue_attributes(
        QueueUrl=url, Attributes={"Policy": json.dumps(_lets_in(rule, arn))}
    )
    events.put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": arn}])
    try:
        yield Subscription(queues, url)
    finally:
        events.remove_targets(Rule=name, Ids=["queue"])
        events.delete_rule(Name=name)
        queues.delete_queue(QueueUrl=url)


def _lets_in(rule_arn: str, queue_arn: str) -> dict[str, Any]:
    send = {
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
    }
    return {
        "Statement": [
            {"Effect": "Allow", **send, "Condition": {"ArnEquals": {"aws:SourceArn": rule_arn}}}
        ]
    }
