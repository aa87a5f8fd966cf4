"""Every branch, every Retry and every Catch of the definition, driven by functions that fail as they are told.

The definition is the deployed one; stand-ins take the place of its functions, and one more that of DynamoDB, so that an
error of any name can be had at will. What the true functions raise is the matter of tests/unit/functions and
tests/contract; that true and stand-in deployments behave alike is shown by test_service.py.
"""

import json
import zipfile
from io import BytesIO
from pathlib import Path
from urllib.parse import quote

import pytest

from local.lambda_runtime.settings import ARCHITECTURE
from local.server.cloud import Cloud
from tests.workflow.deployed import Run, ended

DEFINITION = Path(__file__).parents[2] / "statemachine/image_classification.asl.json"
TASKS = ["Serialize image", "Classify image", "Filter inferences"]
RECORDS = {"ACCEPTED": "Record accepted", "REVIEW": "Record for review", "UNREADABLE": "Record unreadable"}
RECORDS |= {"FAILED": "Record failure"}
TRANSIENT = ["Lambda.ClientExecutionTimeoutException", "Lambda.ServiceException", "Lambda.AWSLambdaException"]
TRANSIENT += ["Lambda.SdkClientException", "Lambda.Unknown", "Sandbox.Timedout", "Runtime.ExitError", "States.Timeout"]
UNREADABLE = ["ImageNotFoundError", "EmptyImageError", "UnsupportedImageFormatError", "CorruptImageError"]
UNREADABLE += ["ImageTooLargeError"]
ENDPOINT = ["EndpointThrottledError", "EndpointUnavailableError", "EndpointTimeoutError", "ModelCardUnavailableError"]
MODEL = ["InvalidImageDataError", "EndpointNotFoundError", "EndpointAccessDeniedError", "ImageRejectedByModelError"]
MODEL += ["InvalidPredictionError", "ModelCardNotFoundError", "InvalidModelCardError"]
MODEL += ["ModelCardAccessDeniedError"]
DATABASE = [
    "DynamoDB.AmazonDynamoDBException",
    "DynamoDB.InternalServerErrorException",
    "DynamoDB.ProvisionedThroughputExceededException",
]
DATABASE += ["DynamoDB.RequestLimitExceededException", "DynamoDB.ThrottlingException", "DynamoDB.SdkClientException"]
DATABASE += ["States.Timeout"]
UNNAMED = "SomethingElseError"  # what only States.ALL catches
CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"
DECIDED = ["Record accepted", "Record for review", "Record unreadable"]

# (state, error that it always meets, attempts it must make, state in which the execution must end)
CASES: list[tuple[str, str, int, str]] = [
    *[(task, error, 4, "Failed") for task in TASKS for error in TRANSIENT],
    *[(task, "Lambda.TooManyRequestsException", 9, "Failed") for task in TASKS],
    *[(task, error, 1, "Failed") for task in TASKS for error in ("States.DataLimitExceeded", UNNAMED)],
    ("Serialize image", "ImageStoreUnavailableError", 4, "Failed"),
    *[("Serialize image", error, 1, "Unreadable") for error in UNREADABLE],
    *[("Serialize image", error, 1, "Failed") for error in ("InvalidImageUrlError", "ImageAccessDeniedError")],
    *[("Classify image", error, 4, "Failed") for error in ENDPOINT],
    *[("Classify image", error, 1, "Failed") for error in MODEL],
    *[("Filter inferences", error, 1, "Failed") for error in ("InvalidThresholdError", "InvalidProbabilitiesError")],
    *[(record, error, 6, "Failed") for record in RECORDS.values() for error in DATABASE],
    *[(record, UNNAMED, 1, "Failed") for record in RECORDS.values()],
    *[(record, CONDITION_FAILED, 1, "Already recorded") for record in DECIDED],
]

# The key of the image says which states fail, with what and how often; what the workflow hands on carries it along.
# Marker files count, since an environment may be a new process at every call.
STAND_IN = """
import json, os, pathlib, urllib.parse, uuid

def handler(event, context):
    item = event.get("Item")
    key = item["image_url"]["S"] if item else event.get("image_url") or event.get("image_data") or event["key"]
    state = json.loads(os.environ["RECORDS"])[item["outcome"]["S"]] if item else os.environ["STATE"]
    script = json.loads(urllib.parse.unquote(key.rsplit("/", 1)[1]))
    error, times = script["failures"].get(state, ("", 0))
    marks = pathlib.Path(os.environ["MARKS"], script["id"], state)
    marks.mkdir(parents=True, exist_ok=True)
    if len(list(marks.iterdir())) < times:
        (marks / uuid.uuid4().hex).touch()
        raise type(error, (Exception,), {})(f"A sentence about {error}.")
    return {
        "Serialize image": {"image_data": key, "content_type": "image/png", "version": "v1"},
        "Classify image": {"class_probabilities": {"truck": 0.9}, "endpoint": "e", "variant": "v"},
        "Filter inferences": {"classification": "truck", "confidence_score": 0.9, "passed_threshold": script["passed"]},
    }.get(state, {})
"""


class Workflow:
    """The definition on the local cloud, with stand-ins for its functions and for DynamoDB."""

    def __init__(self, cloud: Cloud, marks: Path) -> None:
        self._states = cloud.client("stepfunctions")
        self._functions = cloud.client("lambda")
        self._marks = marks
        self._role = create_role(cloud)
        self._arn = self._states.create_state_machine(
            name="scripted", roleArn=self._role, definition=self._definition()
        )["stateMachineArn"]

    def _definition(self) -> str:
        definition = json.loads(DEFINITION.read_text())
        for name, state in definition["States"].items():
            if name in TASKS:
                state["Arguments"]["FunctionName"] = self._stand_in(name)
                state["Arguments"]["Payload"]["key"] = "{% $image_url %}"
            elif name in RECORDS.values():
                state["Resource"] = "arn:aws:states:::lambda:invoke"
                state["Arguments"] = {"FunctionName": "scripted-record", "Payload": state["Arguments"]}
        self._stand_in("record")
        return json.dumps(definition).replace("${Partition}", "aws").replace("${ConfidenceThreshold}", "0.8")

    def _stand_in(self, state: str) -> str:
        archive = BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("stand_in.py", STAND_IN)
        created = self._functions.create_function(
            FunctionName=f"scripted-{state.split()[0].lower()}",
            Runtime="python3.13",
            Architectures=[ARCHITECTURE],
            Handler="stand_in.handler",
            Role=self._role,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"STATE": state, "RECORDS": json.dumps(RECORDS), "MARKS": str(self._marks)}},
        )
        return str(created["FunctionName"])

    def start(self, identity: str, failures: dict[str, tuple[str, int]], passed: bool = True) -> str:
        script = json.dumps({"id": identity, "failures": failures, "passed": passed})
        image = {"image_url": f"s3://images/uploads/{quote(script, safe='')}"}
        return str(self._states.start_execution(stateMachineArn=self._arn, input=json.dumps(image))["executionArn"])

    def wait(self, execution: str) -> Run:
        return ended(self._states, execution)


def create_role(cloud: Cloud) -> str:
    """A role for the stand-ins and for the workflow that invokes them."""
    iam = cloud.client("iam")
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    role = iam.create_role(RoleName="scripted", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]}))
    iam.put_role_policy(RoleName="scripted", PolicyName="a", PolicyDocument=json.dumps({"Statement": [allow]}))
    return str(role["Role"]["Arn"])


def failures_that_reach(state: str) -> tuple[dict[str, tuple[str, int]], bool]:
    """What must fail before, and whether the threshold is passed, for the execution to come to a state."""
    before = {"Record unreadable": "CorruptImageError", "Record failure": "InvalidImageUrlError"}
    failures = {"Serialize image": (before[state], 99)} if state in before else {}
    return failures, state != "Record for review"


@pytest.fixture(scope="module")
def workflow(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Workflow:
    return Workflow(cloud, tmp_path_factory.mktemp("marks"))


@pytest.fixture(scope="module")
def runs(workflow: Workflow) -> dict[tuple[str, str], Run]:
    """All cases at once, since each spends its time waiting."""
    started = {}
    for number, (state, error, _, _) in enumerate(CASES):
        failures, passed = failures_that_reach(state)
        started[state, error] = workflow.start(f"case-{number}", failures | {state: (error, 99)}, passed)
    return {case: workflow.wait(execution) for case, execution in started.items()}


def test_cases_cover_every_error_name_of_every_task() -> None:
    states = json.loads(DEFINITION.read_text())["States"]
    named = {
        (name, UNNAMED if error == "States.ALL" else error)
        for name, state in states.items()
        for rule in state.get("Retry", []) + state.get("Catch", [])
        for error in rule["ErrorEquals"]
    }
    assert named == {(state, error) for state, error, _, _ in CASES}


@pytest.mark.parametrize(("state", "error", "attempts", "end"), CASES)
def test_error_is_retried_and_caught(
    runs: dict[tuple[str, str], Run], state: str, error: str, attempts: int, end: str
) -> None:
    run = runs[state, error]
    assert (attempts, end) == (run.attempts[state], run.path[-1])


@pytest.mark.parametrize("error", UNREADABLE)
def test_unreadable_image_succeeds_with_the_functions_sentence(runs: dict[tuple[str, str], Run], error: str) -> None:
    run = runs["Serialize image", error]
    assert ("SUCCEEDED", "UNREADABLE", error, f"A sentence about {error}.") == (
        run.description["status"],
        *[run.output[field] for field in ("outcome", "error", "cause")],
    )


def test_failed_execution_tells_error_and_sentence(runs: dict[tuple[str, str], Run]) -> None:
    description = runs["Classify image", "EndpointNotFoundError"].description
    assert ("FAILED", "EndpointNotFoundError", "A sentence about EndpointNotFoundError.") == tuple(
        description[field] for field in ("status", "error", "cause")
    )


def test_failure_is_recorded_before_the_execution_fails(runs: dict[tuple[str, str], Run]) -> None:
    path = runs["Filter inferences", "InvalidThresholdError"].path
    assert ["Filter inferences", "Explain failure", "Record failure", "Failed"] == path[-4:]


@pytest.mark.parametrize("state", [*TASKS, *RECORDS.values()])
def test_one_transient_error_is_retried_and_forgotten(workflow: Workflow, state: str) -> None:
    error = "Lambda.ServiceException" if state in TASKS else "DynamoDB.ThrottlingException"
    failures, passed = failures_that_reach(state)
    run = workflow.wait(workflow.start(f"once-{state}", failures | {state: (error, 1)}, passed))
    ends = {"Record for review": "For review", "Record unreadable": "Unreadable", "Record failure": "Failed"}
    assert (2, ends.get(state, "Accepted")) == (run.attempts[state], run.path[-1])
