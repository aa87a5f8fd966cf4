"""Follow a log group with the calls of `aws logs tail --follow`.

The command exists in version 2 of the AWS CLI only, which is not on PyPI. FollowLogEventsGenerator
in awscli/customizations/logs/tail.py of aws/aws-cli (branch v2) has the calls: it reads pages up to
the last one, then begins again at the newest time, and skips the events of this time that it has
shown. Without `eventId` it fails, and with ids that change it shows events twice.
"""

from collections import defaultdict
from collections.abc import Iterator
from time import time
from typing import Any
from uuid import uuid4

import pytest

from localcloud.server.cloud import Cloud

NOW = int(time() * 1000)


@pytest.fixture
def group(cloud: Cloud) -> Iterator[str]:
    """A log group with one stream."""
    logs, name = cloud.client("logs"), f"/tests/{uuid4().hex}"
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="a")
    yield name
    logs.delete_log_group(logGroupName=name)


class Tail:
    """The requests that the command makes, from one pause to the next."""

    def __init__(self, logs: Any, group: str, **options: Any) -> None:
        self._logs = logs
        self._request = {"logGroupName": group, "interleaved": True, "startTime": NOW, **options}
        self._shown: dict[int, set[str]] = defaultdict(set)

    def poll(self) -> list[str]:
        """Return the new messages up to the last page."""
        messages: list[str] = []
        while True:
            page = self._logs.filter_log_events(**self._request)
            messages += [event["message"] for event in page["events"] if self._is_new(event)]
            self._forget_older_events()
            if "nextToken" not in page:
                break
            self._request["nextToken"] = page["nextToken"]

        self._request.pop("nextToken", None)
        if self._shown:
            self._request["startTime"] = max(self._shown)

        return messages

    def _is_new(self, event: dict[str, Any]) -> bool:
        shown = self._shown[event["timestamp"]]
        if event["eventId"] in shown:
            return False
        shown.add(event["eventId"])
        return True

    def _forget_older_events(self) -> None:
        for timestamp in sorted(self._shown)[:-1]:
            del self._shown[timestamp]


def write(cloud: Cloud, group: str, **messages: int) -> None:
    """Write messages at times that are given in milliseconds."""
    events = [{"timestamp": NOW + after, "message": text} for text, after in messages.items()]
    cloud.client("logs").put_log_events(logGroupName=group, logStreamName="a", logEvents=events)


def test_tail_shows_each_event_once_while_events_arrive(cloud: Cloud, group: str) -> None:
    tail = Tail(cloud.client("logs"), group, limit=2)
    write(cloud, group, one=0, two=1, three=1)
    assert ["one", "two", "three"] == tail.poll()
    assert [] == tail.poll()

    write(cloud, group, four=1, five=2)
    assert ["four", "five"] == tail.poll()
    assert [] == tail.poll()


def test_tail_with_a_pattern_shows_matching_events_only(cloud: Cloud, group: str) -> None:
    tail = Tail(cloud.client("logs"), group, filterPattern="error")
    write(cloud, group, fine=0, error=1)
    assert ["error"] == tail.poll()


def test_tail_of_an_empty_group_waits_for_events(cloud: Cloud, group: str) -> None:
    tail = Tail(cloud.client("logs"), group)
    assert [] == tail.poll()
    write(cloud, group, late=5)
    assert ["late"] == tail.poll()
