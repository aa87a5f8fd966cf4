"""Lambda keeps a hundred executions unreserved, and CloudFormation sets reservations."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import lambda_svc
from ministack.services.cloudformation import provisioners

ROLE = "arn:aws:iam::000000000000:role/actor"
REFUSAL = (
    "Specified ReservedConcurrentExecutions for function decreases account's "
    "UnreservedConcurrentExecution below its minimum value of [{}]."
)


@pytest.fixture(autouse=True)
def functions(ministack: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Create two functions in an account with AWS's default limit."""
    monkeypatch.setattr(lambda_svc, "_ACCOUNT_CONCURRENCY_CAP", 1000)
    ministack.put_role(service="lambda.amazonaws.com")

    for name in ("one", "two"):
        lambda_svc._functions[name] = {"config": {"FunctionName": name}, "concurrency": None}

    yield
    for name in list(lambda_svc._functions):
        lambda_svc._functions.pop(name)


def reserve(name: str, executions: int) -> tuple[int, Any]:
    answer = lambda_svc._put_function_concurrency(
        name, {"ReservedConcurrentExecutions": executions}
    )
    return answer[0], json.loads(answer[2])


def reserved(name: str) -> Any:
    return lambda_svc._functions[name]["concurrency"]


def test_all_executions_but_a_hundred_can_be_reserved() -> None:
    assert 200 == reserve("one", 900)[0]
    assert 200 == reserve("one", 900)[0]  # its own reservation does not count twice


def test_reservation_that_leaves_less_than_a_hundred_is_refused_as_by_lambda() -> None:
    reserve("one", 500)
    status, answer = reserve("two", 401)
    assert 400 == status
    assert "InvalidParameterValueException" == answer["__type"]
    assert REFUSAL.format(100) == answer["message"]
    assert reserved("two") is None


def test_missing_function_comes_before_its_reservation() -> None:
    assert 404 == reserve("three", 1000)[0]


def test_new_account_with_ten_executions_can_reserve_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_svc, "_ACCOUNT_CONCURRENCY_CAP", 10)
    assert REFUSAL.format(10) == reserve("one", 1)[1]["message"]
    assert 200 == reserve("one", 0)[0]


def provision(executions: Any) -> str:
    properties = {"FunctionName": "three", "Role": ROLE, "ReservedConcurrentExecutions": executions}
    return str(
        provisioners._provision_resource("AWS::Lambda::Function", "Three", properties, "stack")[0]
    )


def test_stack_reserves_the_concurrency_of_its_template() -> None:
    provision("4")
    assert 4 == reserved("three")


def test_stack_that_reserves_too_much_fails_with_lambdas_message() -> None:
    with pytest.raises(ValueError, match="below its minimum value of") as raised:
        provision("950")
    assert f'Resource handler returned message: "{REFUSAL.format(100)}' in str(raised.value)
    assert "three" not in lambda_svc._functions


@pytest.mark.parametrize(
    ("expected", "after"), [(8, {"ReservedConcurrentExecutions": 8}), (None, {})]
)
def test_update_of_a_stack_changes_and_ends_the_reservation(
    expected: int | None, after: dict[str, int]
) -> None:
    before = {"FunctionName": "three", "Role": ROLE, "ReservedConcurrentExecutions": 4}
    name = provision(4)
    new = {"FunctionName": "three", "Role": ROLE, **after}
    provisioners._update_resource("AWS::Lambda::Function", name, before, new, "stack", "Three")
    assert expected == reserved("three")
