"""EventBridge refuses retries beyond its limits, and a sixth target."""

import json
from typing import Any

import pytest
from ministack.services import eventbridge
from ministack.services.cloudformation import provisioners

QUEUE = "arn:aws:sqs:us-east-1:000000000000:letters"
PLACE = (
    "1 validation error detected: Value '{}' at 'targets.2.member.retryPolicy.{}' "
    "failed to satisfy constraint: "
)
REFUSED = [
    (
        {"MaximumRetryAttempts": 500},
        PLACE.format(500, "maximumRetryAttempts")
        + "Member must have value less than or equal to 185",
    ),
    (
        {"MaximumEventAgeInSeconds": 59},
        PLACE.format(59, "maximumEventAgeInSeconds")
        + "Member must have value greater than or equal to 60",
    ),
]


@pytest.fixture(autouse=True)
def rule(ministack: Any) -> None:
    eventbridge._ensure_default_bus()
    eventbridge._put_rule({"Name": "uploads", "EventPattern": '{"source": ["tests"]}'})


def targets(number: int, **policy: int) -> list[dict[str, Any]]:
    """Return targets whose last one has this retry policy."""
    made: list[dict[str, Any]] = [{"Id": str(one), "Arn": QUEUE} for one in range(number)]
    made[-1]["RetryPolicy"] = policy
    return made


def put(made: list[dict[str, Any]]) -> tuple[int, Any]:
    status, _, body = eventbridge._put_targets({"Rule": "uploads", "Targets": made})
    return status, json.loads(body)


def provision(made: list[dict[str, Any]]) -> None:
    properties = {"Name": "other", "EventPattern": {"source": ["tests"]}, "Targets": made}
    provisioners._provision_resource("AWS::Events::Rule", "Other", properties, "stack")


@pytest.mark.parametrize(("policy", "message"), REFUSED)
def test_retries_beyond_the_limits_are_refused(policy: dict[str, int], message: str) -> None:
    status, answer = put(targets(2, **policy))
    assert 400 == status
    assert "ValidationException" == answer["__type"]
    assert message == answer["message"]

    with pytest.raises(ValueError, match="Resource handler returned message") as raised:
        provision(targets(2, **policy))

    assert f'"{message} (Service: EventBridge' in str(raised.value)


def test_retries_at_the_limits_are_allowed() -> None:
    policy = {"MaximumRetryAttempts": 185, "MaximumEventAgeInSeconds": 86400}
    assert 200 == put(targets(2, **policy))[0]
    provision(targets(2, **policy))


def test_sixth_target_of_a_rule_is_refused() -> None:
    assert 200 == put(targets(5))[0]
    assert 200 == put(targets(5))[0]  # the same targets again
    answer = put([{"Id": "sixth", "Arn": QUEUE}])[1]
    assert "LimitExceededException" == answer["__type"]
    assert "The requested resource exceeds the maximum number allowed." == answer["message"]

    with pytest.raises(ValueError, match="exceeds the maximum number allowed"):
        provision(targets(6))
