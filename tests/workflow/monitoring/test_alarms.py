"""Every alarm goes into ALARM while its condition holds, and only then."""

import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from cli.service import find_service
from localcloud.server.cloud import Cloud
from tests.soak.rest import wait_until_at_rest
from tests.workflow.deployed import Deployed
from tests.workflow.monitoring.exercises import EXERCISES
from tests.workflow.monitoring.rehearsal import Rehearsal

SILENT = {"work-arrives", "nothing-decided-for-an-hour"}  # parts of another


@dataclass(frozen=True)
class Exercised:
    """The expected states of an alarm, its states, and the notifications of its topic."""

    expected: list[str]
    states: list[str]
    told: set[str]


@pytest.fixture(scope="module")
def alarms(cloud: Cloud, service: Deployed) -> set[str]:
    """The names of the deployed alarms, without the stack's."""
    prefix = f"{service.stack}-"
    types = ["MetricAlarm", "CompositeAlarm"]
    found = cloud.client("cloudwatch").describe_alarms(AlarmNamePrefix=prefix, AlarmTypes=types)
    return {
        one["AlarmName"].removeprefix(prefix)
        for one in found["MetricAlarms"] + found["CompositeAlarms"]
    }


@pytest.fixture(scope="module")
def exercised(cloud: Cloud, service: Deployed) -> dict[str, Exercised]:
    """Every alarm, driven through its exercise."""
    sqs, sns = cloud.client("sqs"), cloud.client("sns")
    queue = sqs.create_queue(QueueName="who-hears-of-alarms")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"][
        "QueueArn"
    ]
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
    }
    policy = json.dumps({"Statement": [{**allow, "Resource": arn}]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    [topic] = [
        one["TopicArn"]
        for one in sns.list_topics()["Topics"]
        if one["TopicArn"].endswith(f":{service.stack}-alarms")
    ]
    sns.subscribe(
        TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes={"RawMessageDelivery": "true"}
    )

    def told() -> list[dict[str, str]]:
        heard = []
        while messages := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get(
            "Messages"
        ):
            heard += [json.loads(message["Body"]) for message in messages]
            for message in messages:
                sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
        return heard

    return {alarm: _exercise(cloud, service, alarm, told) for alarm in EXERCISES}


def _exercise(
    cloud: Cloud, service: Deployed, alarm: str, told: Callable[[], list[dict[str, str]]]
) -> Exercised:
    # A message that is still on its way would be a month old in the time of the next exercise.
    wait_until_at_rest(cloud, find_service(cloud.client("cloudformation")), pause=0.02)
    rehearsal = Rehearsal(cloud, service)
    told()
    try:
        pairs = [
            (expected, rehearsal.state(alarm, expected)) for expected in EXERCISES[alarm](rehearsal)
        ]
    finally:
        rehearsal.close()
    heard = {
        one["NewStateValue"] for one in told() if one["AlarmName"] == f"{service.stack}-{alarm}"
    }
    return Exercised([expected for expected, _ in pairs], [state for _, state in pairs], heard)


def test_every_alarm_is_rehearsed(alarms: set[str]) -> None:
    assert set(EXERCISES) == alarms


@pytest.mark.parametrize("alarm", EXERCISES)
def test_alarm_is_in_alarm_while_its_condition_holds(
    alarm: str, exercised: dict[str, Exercised]
) -> None:
    assert exercised[alarm].expected == exercised[alarm].states
    assert {"OK", "ALARM"} == set(exercised[alarm].states)


@pytest.mark.parametrize("alarm", EXERCISES)
def test_topic_is_notified_only_of_the_state_alarm(
    alarm: str, exercised: dict[str, Exercised]
) -> None:
    assert (set() if alarm in SILENT else {"ALARM"}) == exercised[alarm].told


def test_every_alarm_was_driven_to_alarm_and_back(
    alarms: set[str],
    exercised: dict[str, Exercised],
    record_property: Callable[[str, object], None],
) -> None:
    driven = {alarm for alarm, one in exercised.items() if one.expected == one.states}
    record_property("shown", f"alarms exercised {len(driven)} / {len(alarms)}")
    assert alarms == driven
