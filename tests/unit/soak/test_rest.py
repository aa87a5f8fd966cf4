"""When nothing moves any more."""

from collections.abc import Iterator
from typing import Any

import pytest

from cli.service import Service
from tests.soak.errors import NotAtRestError
from tests.soak.rest import wait_until_at_rest

SERVICE = Service(
    image_bucket="images",
    workflow_arn="arn:workflow",
    results_table="results",
    failure_queue_url="http://queue",
    dead_letter_queue_url="http://dead-letters",
    backlog_prefix="archive/",
    backlog_workflow_arn=None,
)


class FakeCloud:
    """Answer each poll with running executions and waiting messages; repeat the last answer."""

    def __init__(self, *polls: tuple[int, int]) -> None:
        self.polls = list(polls)
        self.polled = 0

    def client(self, _service: str) -> "FakeCloud":
        return self

    def get_paginator(self, _operation: str) -> "FakeCloud":
        return self

    def paginate(self, **_arguments: str) -> Iterator[dict[str, Any]]:
        running, _ = self._poll()
        yield {"executions": [{}] * running}

    def get_queue_attributes(
        self,
        QueueUrl: str,  # noqa: N803
        AttributeNames: list[str],  # noqa: N803
    ) -> dict[str, Any]:
        _, waiting = self._poll()
        self.polled += 1
        return {"Attributes": {AttributeNames[0]: str(waiting), AttributeNames[1]: "0"}}

    def _poll(self) -> tuple[int, int]:
        return self.polls[min(self.polled, len(self.polls) - 1)]


def test_rest_is_reached_when_two_polls_in_a_row_find_nothing() -> None:
    cloud: Any = FakeCloud((1, 0), (0, 0), (0, 1), (0, 0), (0, 0), (1, 1))
    wait_until_at_rest(cloud, SERVICE, pause=0)
    assert 5 == cloud.polled


def test_executions_and_messages_without_progress_are_named() -> None:
    stuck: Any = FakeCloud((2, 3))
    with pytest.raises(
        NotAtRestError, match="2 running executions and 3 messages in the failure queue"
    ):
        wait_until_at_rest(stuck, SERVICE, patience=0, pause=0)
