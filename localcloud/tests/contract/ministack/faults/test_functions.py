"""Faults of functions end the process that made the call for its subject."""

import io
import json
import time
import zipfile
from collections.abc import Iterator

import pytest

from localcloud.faults.client import Faults, FaultsOffError
from localcloud.faults.plan import Target
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud, running
from localcloud.server.settings import Folder

# A function in one environment makes two calls, and returns the name of an error.
FUNCTION = """
import json, boto3
from botocore.config import Config
from botocore.exceptions import ClientError
once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
s3, ssm = boto3.client("s3", config=once), boto3.client("ssm", config=once)
def handler(event, context):
    try:
        s3.get_object(Bucket="images", Key="a")["Body"].read()
        ssm.get_parameter(Name="/card")
        return "done"
    except ClientError as exc:
        raise type(exc.response["Error"]["Code"], (Exception,), {})() from exc
"""


class Function:
    def __init__(self, cloud: Cloud) -> None:
        self._lambda = cloud.client("lambda")
        self._states = cloud.client("stepfunctions")
        cloud.client("s3").create_bucket(Bucket="images")
        cloud.client("s3").put_object(Bucket="images", Key="a", Body=b"pixels")
        cloud.client("ssm").put_parameter(Name="/card", Value="card", Type="String")
        self._role = _create_role(cloud)
        archive = io.BytesIO()

        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("app.py", FUNCTION)

        self._lambda.create_function(
            FunctionName="reader",
            Runtime="python3.13",
            Architectures=[ARCHITECTURE],
            Handler="app.handler",
            Role=self._role,
            Timeout=20,
            Code={"ZipFile": archive.getvalue()},
        )

    def run(self, key: str) -> str:
        """Invoke the function for a subject; return its answer or the name of its error."""
        payload = json.dumps({"picture": f"s3://images/{key}"})
        answer = json.load(self._lambda.invoke(FunctionName="reader", Payload=payload)["Payload"])
        return str(answer["errorType"] if isinstance(answer, dict) else answer)

    def run_in_workflow(self, key: str) -> str:
        """Invoke the function by a workflow about a subject; return the name of the error.

        The payload does not name the subject.
        """
        arguments = {"FunctionName": "reader", "Payload": {}}
        task = {
            "Type": "Task",
            "Resource": "arn:aws:states:::lambda:invoke",
            "Arguments": arguments,
            "End": True,
        }
        definition = {"QueryLanguage": "JSONata", "StartAt": "Read", "States": {"Read": task}}
        machine = self._states.create_state_machine(
            name="reading", roleArn=self._role, definition=json.dumps(definition)
        )["stateMachineArn"]
        image = json.dumps({"picture": f"s3://images/{key}"})
        execution = self._states.start_execution(stateMachineArn=machine, input=image)[
            "executionArn"
        ]

        while (described := self._states.describe_execution(executionArn=execution))[
            "status"
        ] == "RUNNING":
            time.sleep(0.02)

        return str(described["error"])


def _create_role(cloud: Cloud) -> str:
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Statement": [{"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}]}
    allow = {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    iam = cloud.client("iam")
    role = iam.create_role(RoleName="reader", AssumeRolePolicyDocument=json.dumps(trust))["Role"][
        "Arn"
    ]
    iam.put_role_policy(RoleName="reader", PolicyName="all", PolicyDocument=json.dumps(allow))

    return str(role)


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    """A cloud with faults, which delivers held events at its shutdown."""
    folder = tmp_path_factory.mktemp("faulty")
    with running(folder, wait_scale=0, faults=True) as started:
        yield started
        _hold_event(started)
    assert "EventBridge → SQS uploads" in Folder(folder).log.read_text()


@pytest.fixture(scope="module")
def function(faulty: Cloud) -> Function:
    return Function(faulty)


@pytest.fixture
def faults(faulty: Cloud) -> Iterator[Faults]:
    client = Faults(faulty.url, subject_members=["picture"])
    yield client
    client.heal()


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("s3-slow-down", "SlowDown"),
        ("s3-internal-error", "InternalError"),
        ("ssm-throttled", "ThrottlingException"),
        ("lambda-killed-before-get-object", "Runtime.ExitError"),
        ("lambda-killed-after-get-parameter", "Runtime.ExitError"),
        ("lambda-killed-at-answer", "Runtime.ExitError"),
    ],
)
def test_fault_affects_its_subject_once(
    function: Function, faults: Faults, kind: str, error: str
) -> None:
    faults.plan(1, targets=[Target(kind, f"{kind}/struck")])
    runs = [function.run(f"{kind}/{name}") for name in ("spared", "struck", "struck")]
    assert ["done", error, "done"] == runs
    assert {kind: 1} == faults.injected()


@pytest.mark.parametrize(
    ("kind", "error"),
    [("s3-slow-down", "SlowDown"), ("lambda-throttled", "Lambda.TooManyRequestsException")],
)
def test_function_in_a_workflow_fails_for_the_subject_of_the_execution(
    function: Function, faults: Faults, kind: str, error: str
) -> None:
    faults.plan(1, targets=[Target(kind, "orders/a")])
    assert error == function.run_in_workflow("orders/a")


def test_faults_do_not_affect_other_clients(
    faulty: Cloud, function: Function, faults: Faults
) -> None:
    faults.plan(1, {"s3-slow-down": 1})
    assert b"pixels" == faulty.client("s3").get_object(Bucket="images", Key="a")["Body"].read()


def test_cloud_without_faults_refuses_a_plan(cloud: Cloud) -> None:
    with pytest.raises(FaultsOffError):
        Faults(cloud.url).plan(1)


def _hold_event(cloud: Cloud) -> None:
    """Let a rule put the events of a bucket into a queue, and hold one event."""
    allow = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:*",
        "Resource": "*",
    }
    policy = {"Policy": json.dumps({"Statement": [allow]})}
    cloud.client("sqs").create_queue(QueueName="uploads", Attributes=policy)
    cloud.client("events").put_rule(Name="uploads", EventPattern=json.dumps({"source": ["aws.s3"]}))
    target = {"Id": "1", "Arn": "arn:aws:sqs:us-east-1:000000000000:uploads"}
    cloud.client("events").put_targets(Rule="uploads", Targets=[target])
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="uploads")
    s3.put_bucket_notification_configuration(
        Bucket="uploads", NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    Faults(cloud.url).plan(1, {"event-late": 1})
    s3.put_object(Bucket="uploads", Key="a", Body=b"pixels")

    while not Faults(cloud.url).injected():
        time.sleep(0.01)
