"""A fake is refused where its requests or its answers are not AWS's."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from tests.unit.conforming import NotConformingError, conforming

ARN = "arn:aws:states:us-east-1:123456789012:stateMachine:one"


class FakeStates:
    def __init__(self, answer: dict[str, Any] | None) -> None:
        self.answer = answer

    def describe_execution(self, **_: Any) -> dict[str, Any] | None:
        return self.answer

    def list_executions(self, **_: Any) -> Iterator[dict[str, Any] | None]:
        yield self.answer

    def get_paginator(self, operation: str) -> SimpleNamespace:
        return SimpleNamespace(paginate=getattr(self, operation))


def test_answer_without_unread_members_is_passed_on() -> None:
    assert {"status": "RUNNING"} == conforming(
        FakeStates({"status": "RUNNING"}), "stepfunctions"
    ).describe_execution(executionArn=ARN)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ({"state": "RUNNING"}, 'Unknown parameter in input: "state"'),
        ({"status": 1}, "Invalid type for parameter status"),
        ({"status": "WAITING"}, "'WAITING' is not one of RUNNING"),
    ],
)
def test_answer_of_another_shape_is_refused(answer: dict[str, Any], expected: str) -> None:
    with pytest.raises(NotConformingError) as refused:
        conforming(FakeStates(answer), "stepfunctions").describe_execution(executionArn=ARN)
    assert expected in str(refused.value)


@pytest.mark.parametrize("parameters", [{}, {"executionARN": ARN}, {"executionArn": 1}])
def test_request_of_another_shape_is_refused(parameters: dict[str, Any]) -> None:
    with pytest.raises(NotConformingError):
        conforming(FakeStates({}), "stepfunctions").describe_execution(**parameters)


def test_every_page_is_checked() -> None:
    pages = conforming(FakeStates({"execution": []}), "stepfunctions").get_paginator(
        "list_executions"
    )
    with pytest.raises(NotConformingError, match="Unknown parameter"):
        list(pages.paginate(stateMachineArn=ARN))


def test_attribute_that_is_not_an_operation_is_not_checked() -> None:
    fake = FakeStates({})
    conforming(fake, "stepfunctions").answer = None
    assert fake.answer is None
