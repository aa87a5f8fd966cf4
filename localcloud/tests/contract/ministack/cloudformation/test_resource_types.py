"""Resource types that the local cloud adds to MiniStack's CloudFormation."""

from typing import Any

import pytest
from ministack.services import budgets, cloudwatch, iam
from ministack.services.cloudformation import provisioners

ALARM = {
    "AlarmName": "one",
    "Namespace": "Tests",
    "MetricName": "Errors",
    "Threshold": 0,
    "Period": 60,
}
COMPOSITE = {"AlarmName": "all", "AlarmRule": 'ALARM("one")'}
BUDGET = {"BudgetName": "monthly", "BudgetType": "COST", "TimeUnit": "MONTHLY"}


def make(kind: str, properties: dict[str, Any]) -> str:
    made: str = provisioners._provision_resource(kind, "One", properties, "stack")[0]
    return made


def change(kind: str, made: str, old: dict[str, Any], new: dict[str, Any]) -> None:
    provisioners._RESOURCE_HANDLERS[kind]["update"](made, old, new, "stack")


@pytest.fixture(autouse=True)
def alarm(ministack: Any) -> None:
    """Create the alarm of the composite alarm."""
    request = {**ALARM, "ComparisonOperator": "GreaterThanThreshold"}
    cloudwatch._put_metric_alarm({}, request, False, True)


def test_composite_alarm_is_created_updated_and_deleted() -> None:
    made = make("AWS::CloudWatch::CompositeAlarm", COMPOSITE)
    change(
        "AWS::CloudWatch::CompositeAlarm", made, COMPOSITE, {**COMPOSITE, "AlarmRule": 'OK("one")'}
    )
    rule = cloudwatch._composite_alarms[made]["AlarmRule"]
    provisioners._delete_resource("AWS::CloudWatch::CompositeAlarm", made, COMPOSITE)

    assert "all" == made
    assert 'OK("one")' == rule
    assert [] == list(cloudwatch._composite_alarms)


def test_composite_alarm_of_a_missing_alarm_fails_its_stack() -> None:
    with pytest.raises(ValueError, match="do not exist"):
        make("AWS::CloudWatch::CompositeAlarm", {**COMPOSITE, "AlarmRule": 'ALARM("two")'})


def test_budget_is_created_and_deleted() -> None:
    properties = {"Budget": {**BUDGET, "BudgetLimit": {"Amount": 100, "Unit": "USD"}}}
    made = make("AWS::Budgets::Budget", properties)
    limit = budgets._budgets[made]["BudgetLimit"]
    provisioners._delete_resource("AWS::Budgets::Budget", made, properties)
    assert {"Amount": "100", "Unit": "USD"} == limit
    assert [] == list(budgets._budgets)


def test_identity_provider_is_created_once_and_deleted() -> None:
    properties = {"Url": "https://token.example.com", "ClientIdList": ["sts.amazonaws.com"]}
    made = make("AWS::IAM::OIDCProvider", properties)
    clients = iam._oidc_providers[made]["ClientIDList"]

    with pytest.raises(ValueError, match="already exists"):
        make("AWS::IAM::OIDCProvider", properties)

    provisioners._delete_resource("AWS::IAM::OIDCProvider", made, properties)

    assert ["sts.amazonaws.com"] == clients
    assert made not in iam._oidc_providers
