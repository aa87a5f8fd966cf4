"""Alarms are evaluated by period and metric, and treat missing data by their setting."""

import asyncio
import json
from typing import Any

import pytest
from ministack import app
from ministack.services import cloudwatch, sns, sqs

from localcloud.ministack.cloudwatch.alarm_evaluation import evaluated_state, keep_evaluating
from localcloud.ministack.cloudwatch.metric_store import CLOCK, record

ALARM = {
    "AlarmName": "errors",
    "Namespace": "Tests",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "endpoint", "Value": "a"}],
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 0,
    "ComparisonOperator": "GreaterThanThreshold",
    "TreatMissingData": "notBreaching",
}


def put(**changes: Any) -> None:
    cloudwatch._put_metric_alarm({}, {**ALARM, **changes}, False, True)


def state(kind: str = "MetricAlarms", name: str = "errors") -> str:
    types = ["MetricAlarm", "CompositeAlarm"]
    answer = cloudwatch._describe_alarms(
        {}, {"AlarmNames": [name], "AlarmTypes": types}, False, True
    )
    [found] = json.loads(answer[2])[kind]
    return str(found["StateValue"])


@pytest.mark.parametrize(
    ("treated", "expected"),
    [
        ("missing", "INSUFFICIENT_DATA"),
        ("notBreaching", "OK"),
        ("breaching", "ALARM"),
        ("ignore", "INSUFFICIENT_DATA"),
    ],
)
def test_alarm_without_data_follows_its_treatment_of_missing_data(
    ministack: Any, treated: str, expected: str
) -> None:
    put(TreatMissingData=treated)
    assert expected == state()


def test_alarm_evaluates_its_own_dimensions_only(ministack: Any) -> None:
    put()
    record("Tests", "Errors", 1, {"endpoint": "b"})
    assert "OK" == state()
    record("Tests", "Errors", 1, {"endpoint": "a"})
    assert "ALARM" == state()


def test_alarm_is_ok_after_its_period(ministack: Any) -> None:
    put()
    record("Tests", "Errors", 1, {"endpoint": "a"})
    before = state()
    CLOCK.put_ahead(361)
    assert "ALARM" == before
    assert "OK" == state()


def test_alarm_on_a_percentile_evaluates_the_slowest(ministack: Any) -> None:
    put(Statistic=None, ExtendedStatistic="p90", Threshold=100)
    for value in [10] * 8 + [500] * 2:
        record("Tests", "Errors", value, {"endpoint": "a"})
    assert "ALARM" == state()


def test_alarm_goes_into_alarm_without_a_request(ministack: Any) -> None:
    async def a_while() -> None:
        judging = asyncio.create_task(keep_evaluating(every=0))
        while cloudwatch._alarms["errors"]["StateValue"] != "ALARM":
            await asyncio.sleep(0)
        judging.cancel()

    put()
    record("Tests", "Errors", 1, {"endpoint": "a"})
    asyncio.run(asyncio.wait_for(a_while(), timeout=10))
    assert "ALARM" == cloudwatch._alarms["errors"]["StateValue"]


def test_alarms_are_evaluated_again_after_an_unexpected_error(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[int] = []

    def fail() -> None:
        calls.append(1)
        raise KeyError("Threshold")

    async def a_while() -> None:
        judging = asyncio.create_task(keep_evaluating(every=0))
        while len(calls) < 2 and not judging.done():
            await asyncio.sleep(0)
        judging.cancel()

    monkeypatch.setattr(cloudwatch, "_evaluate_all_alarms", fail)
    asyncio.run(asyncio.wait_for(a_while(), timeout=10))
    assert 2 == len(calls)


@pytest.mark.parametrize(
    ("values", "needed", "expected"),
    [
        ([1, 1, 1], 3, "ALARM"),
        ([1, 0, 1], 3, "OK"),
        ([1, 0, 1], 2, "ALARM"),
        ([1, None, None], 2, "OK"),
    ],
)
def test_alarm_goes_into_alarm_when_enough_periods_breach(
    values: list[float | None], needed: int, expected: str
) -> None:
    assert expected == evaluated_state(
        {**ALARM, "EvaluationPeriods": 3, "DatapointsToAlarm": needed}, values
    )


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanThreshold", "OK"),
        ("GreaterThanOrEqualToThreshold", "ALARM"),
        ("LessThanThreshold", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM"),
    ],
)
def test_value_at_the_threshold_breaches_by_the_comparison(comparison: str, expected: str) -> None:
    assert expected == evaluated_state(
        {**ALARM, "ComparisonOperator": comparison, "Threshold": 5}, [5]
    )


def test_alarm_that_ignores_missing_data_keeps_its_state() -> None:
    assert "ALARM" == evaluated_state(
        {**ALARM, "TreatMissingData": "ignore", "StateValue": "ALARM"}, [None]
    )


def test_composite_alarm_follows_its_alarms(ministack: Any) -> None:
    put()
    request = {"AlarmName": "all", "AlarmRule": 'ALARM("errors")'}
    cloudwatch._put_composite_alarm({}, request, False, True)
    record("Tests", "Errors", 1, {"endpoint": "a"})
    assert "ALARM" == state("CompositeAlarms", "all")


@pytest.mark.parametrize(("pattern", "expected"), [("errors", 1), ("others-*", 0)])
def test_topic_receives_the_alarms_that_its_policy_allows(
    ministack: Any, monkeypatch: pytest.MonkeyPatch, pattern: str, expected: int
) -> None:
    monkeypatch.setattr(app, "AUTH", True)
    topic, queue = topic_with_a_queue(f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{pattern}")
    put(AlarmActions=[topic])
    record("Tests", "Errors", 1, {"endpoint": "a"})
    state()
    assert expected == len(sqs._queues[queue]["messages"])


@pytest.mark.parametrize("kind", ["metric", "composite"])
def test_new_alarm_that_becomes_ok_runs_its_ok_actions(ministack: Any, kind: str) -> None:
    # PutMetricAlarm and PutCompositeAlarm: "Any actions associated with the new state are then
    # executed."
    topic, queue = topic_with_a_queue("arn:aws:cloudwatch:us-east-1:000000000000:alarm:*")
    put(OKActions=[topic] if kind == "metric" else [])
    if kind == "composite":
        request = {"AlarmName": "all", "AlarmRule": 'ALARM("errors")', "OKActions": [topic]}
        cloudwatch._put_composite_alarm({}, request, False, True)

    state()
    [message] = sqs._queues[queue]["messages"]
    message_body = json.loads(json.loads(message["body"])["Message"])

    assert "INSUFFICIENT_DATA" == message_body["OldStateValue"]
    assert "OK" == message_body["NewStateValue"]


def topic_with_a_queue(alarm_arn: str) -> tuple[str, str]:
    """Return the ARN of a topic that takes some alarms, and the URL of a subscribed queue."""
    topic = "arn:aws:sns:us-east-1:000000000000:alarms"
    publish = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
    }
    condition = {"ArnLike": {"aws:SourceArn": alarm_arn}}
    policy = json.dumps({"Statement": [{**publish, "Resource": topic, "Condition": condition}]})
    sns._create_topic({"Name": ["alarms"]})
    sns._set_topic_attributes(
        {"TopicArn": [topic], "AttributeName": ["Policy"], "AttributeValue": [policy]}
    )
    queue = sqs._act_create_queue({"QueueName": "letters"}, "")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:letters"
    send = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
    }
    sqs._queues[queue]["attributes"]["Policy"] = json.dumps(
        {"Statement": [{**send, "Resource": arn}]}
    )
    sns._subscribe({"TopicArn": [topic], "Protocol": ["sqs"], "Endpoint": [arn]})

    return topic, queue


def test_history_of_an_alarm_has_the_reason(ministack: Any) -> None:
    put()
    record("Tests", "Errors", 1, {"endpoint": "a"})
    state()
    answer = cloudwatch._describe_alarm_history({}, {"AlarmName": "errors"}, False, True)
    newest = json.loads(answer[2])["AlarmHistoryItems"][0]
    assert "Alarm updated from OK to ALARM" == newest["HistorySummary"]
