"""Every branch, Retry and Catch of the definitions, with a function that fails on request.

The definitions are the deployed ones. A stand-in replaces everything that their tasks call, and
raises errors of any name. tests/unit/functions and tests/contract check the errors of the real
functions; test_service.py runs the real deployment.
"""

import json
import zipfile
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.server.cloud import Cloud
from tests.soak.endpoint_calls import CALLS_PER_EXECUTION
from tests.workflow.deployed import Run, ended

DEFINITIONS = Path(__file__).parents[2] / "statemachine"
WORKFLOW, FAILURE, BACKLOG = "image_classification", "record_failure", "backlog"
SUBSTITUTIONS = {
    "Partition": "aws",
    "ConfidenceThreshold": "0.8",
    "ImageBucket": "images",
    "BacklogPrefix": "archive/",
}
TASKS = ["Serialize image", "Classify image", "Filter inferences"]
TRANSIENT = [
    "Lambda.ClientExecutionTimeoutException",
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
]
TRANSIENT += [
    "Lambda.SdkClientException",
    "Lambda.Unknown",
    "Sandbox.Timedout",
    "Runtime.ExitError",
    "States.Timeout",
]
UNREADABLE = [
    "ImageNotFoundError",
    "EmptyImageError",
    "UnsupportedImageFormatError",
    "CorruptImageError",
]
UNREADABLE += ["ImageTooLargeError", "ImageEncryptedError"]
PASSING_IMAGE_ERRORS = ["ImageStoreUnavailableError", "DecoderUnavailableError"]
ENDPOINT = ["EndpointThrottledError", "EndpointUnavailableError", "EndpointTimeoutError"]
SERVERLESS = ["EndpointColdStartError", "EndpointConcurrencyError"]
MODEL = [
    "InvalidImageDataError",
    "EndpointNotFoundError",
    "EndpointAccessDeniedError",
    "ImageRejectedByModelError",
]
MODEL += [
    "InvalidPredictionError",
    "ModelCardNotFoundError",
    "InvalidModelCardError",
    "OtherModelError",
]
MODEL += ["ModelCardAccessDeniedError"]
DATABASE = [
    "AmazonDynamoDBException",
    "InternalServerErrorException",
    "ProvisionedThroughputExceededException",
]
DATABASE += ["RequestLimitExceededException", "ThrottlingException", "SdkClientException"]
DATABASE = [*(f"DynamoDB.{name}" for name in DATABASE), "States.Timeout"]
STORE_AWAY = ["S3.SdkClientException", "States.Timeout"]
STORE = ["S3.S3Exception", *STORE_AWAY]
BUS = ["AmazonEventBridgeException", "FailedEntry", "InternalException", "SdkClientException"]
BUS = [*(f"EventBridge.{name}" for name in BUS), "States.Timeout"]
NESTED = ["ExecutionLimitExceededException", "AWSStepFunctionsException", "SdkClientException"]
NESTED = [f"StepFunctions.{name}" for name in NESTED]
RECORDER = ["Sfn.SfnException", "Sfn.SdkClientException"]
RECORDING = ["Record prediction", "Record error"]
ANNOUNCING = ["Announce outcome", "Announce failure"]
NO_IMAGE = ["S3.NoSuchKeyException", "S3.NotFoundException"]
CONDITION_FAILED = "DynamoDB.ConditionalCheckFailedException"
UNNAMED = "SomethingElseError"  # what only States.ALL catches
ALWAYS = 1000  # times that a state meets its error, more than any is tried


@dataclass(frozen=True)
class Case:
    """An error that a state always gets: expected attempts, and expected last state."""

    workflow: str
    state: str
    error: str
    attempts: int
    end: str

    def __str__(self) -> str:
        """Name the case in the output of pytest."""
        return f"{self.workflow}-{self.state}-{self.error}"


CASES = [
    *[Case(WORKFLOW, "Find version", error, 7, "Find version") for error in STORE_AWAY],
    *[Case(WORKFLOW, "Find version", error, 1, "No such image") for error in NO_IMAGE],
    Case(WORKFLOW, "Find version", "S3.S3Exception", 1, "Announce outcome"),
    *[Case(WORKFLOW, "Find version again", error, 7, "Find version again") for error in STORE],
    *[Case(WORKFLOW, "Find version again", error, 1, "No such image") for error in NO_IMAGE],
    *[Case(WORKFLOW, task, "Lambda.TooManyRequestsException", 481, "Failed") for task in TASKS],
    *[
        Case(WORKFLOW, task, error, 1, "Failed")
        for task in TASKS
        for error in ("States.DataLimitExceeded", UNNAMED)
    ],
    *[
        Case(WORKFLOW, "Serialize image", error, 5, "Failed")
        for error in [*TRANSIENT, *PASSING_IMAGE_ERRORS]
    ],
    *[Case(WORKFLOW, "Serialize image", error, 1, "Announce outcome") for error in UNREADABLE],
    *[
        Case(WORKFLOW, "Serialize image", error, 1, "Failed")
        for error in (
            "InvalidImageUrlError",
            "ImageAccessDeniedError",
            "ImageArchivedError",
            "OtherProcessorError",
        )
    ],
    *[
        Case(WORKFLOW, "Classify image", error, CALLS_PER_EXECUTION, "Failed")
        for error in [*TRANSIENT, *ENDPOINT]
    ],
    *[Case(WORKFLOW, "Classify image", error, 21, "Failed") for error in SERVERLESS],
    Case(WORKFLOW, "Classify image", "ModelCardUnavailableError", 5, "Failed"),
    *[Case(WORKFLOW, "Classify image", error, 1, "Failed") for error in MODEL],
    *[Case(WORKFLOW, "Filter inferences", error, 5, "Failed") for error in TRANSIENT],
    *[
        Case(WORKFLOW, "Filter inferences", error, 1, "Failed")
        for error in (
            "InvalidThresholdError",
            "InvalidProbabilitiesError",
            "InvalidReviewClassesError",
            "InvalidImageVersionError",
            "InvalidAuditShareError",
        )
    ],
    *[
        Case(WORKFLOW, state, error, 7, state)
        for state in ("Open record", "Read record", *RECORDING)
        for error in DATABASE
    ],
    *[
        Case(WORKFLOW, state, CONDITION_FAILED, 1, "Already recorded")
        for state in ("Open record", *RECORDING)
    ],
    *[Case(WORKFLOW, state, error, 7, state) for state in ANNOUNCING for error in BUS],
    *[Case(FAILURE, "Record failure", error, 7, "Record failure") for error in RECORDER],
    *[
        Case(BACKLOG, "Classify listed image", error, 7, "Classify listed image")
        for error in NESTED
    ],
]
# What must fail as well for an execution to come to a state.
BEFORE = {
    (WORKFLOW, "Find version again"): {"Find version": ("S3.S3Exception", ALWAYS)},
    (WORKFLOW, "Read record"): {"Open record": (CONDITION_FAILED, ALWAYS)},
    (WORKFLOW, "Record error"): {"Serialize image": (UNNAMED, ALWAYS)},
    (WORKFLOW, "Announce failure"): {"Serialize image": (UNNAMED, ALWAYS)},
}

# The key of the image says which states fail, with which error and how often. Marker files count,
# since an environment may be a new process at every call.
STAND_IN = """
import json, os, pathlib, urllib.parse, uuid

ANSWERS = {
    "Find version": {"VersionId": "v1", "ETag": '"e"', "LastModified": "2026-01-15T09:30:00Z"},
    "Find version again": {
        "VersionId": "v1", "ETag": '"e"', "LastModified": "2026-01-15T09:30:00Z"
    },
    "Serialize image": {
        "image_data": "aW1hZ2U=", "content_type": "image/png", "image_hash": "0123"
    },
    "Classify image": {
        "class_probabilities": {"truck": 0.9}, "endpoint": "e", "variant": "v",
        "model_digest": "sha256:0123", "embedding": None,
    },
    "Filter inferences": {
        "classification": "truck", "confidence_score": 0.9, "waits_for": None,
        "audit": {"drawn": False, "probability": 0.01},
    },
    "Read record": {"Item": {"outcome": {"S": "ACCEPTED"}}},
    "Record failure": {"Status": "SUCCEEDED"},
    "Classify listed image": {"Output": {"image_url": "u", "version": "v1", "outcome": "ACCEPTED"}},
}

def handler(event, context):
    state = event["state"]
    script = json.loads(urllib.parse.unquote(event["image_url"].rsplit("/", 1)[1]))
    error, times = script["failures"].get(state, ("", 0))
    marks = pathlib.Path(os.environ["MARKS"], script["id"], state)
    marks.mkdir(parents=True, exist_ok=True)
    if len(list(marks.iterdir())) < times:
        (marks / uuid.uuid4().hex).touch()
        raise type(error, (Exception,), {})(f"A sentence about {error}.")
    filtered = {"passed_threshold": script["passed"]} if state == "Filter inferences" else {}
    return ANSWERS.get(state, {}) | filtered
"""

type Failures = dict[str, tuple[str, int]]


@dataclass
class Scripted:
    """The definitions on the local cloud, whose tasks all call one stand-in."""

    cloud: Cloud
    marks: Path
    arns: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._states = self.cloud.client("stepfunctions")
        role = create_role(self.cloud)
        stand_in = self._stand_in(role)
        for name in (WORKFLOW, FAILURE, BACKLOG):
            created = self._states.create_state_machine(
                name=f"scripted-{name}",
                roleArn=role,
                definition=json.dumps(scripted(name, stand_in)),
            )
            self.arns[name] = created["stateMachineArn"]

    def _stand_in(self, role: str) -> str:
        archive = BytesIO()
        with zipfile.ZipFile(archive, "w") as code:
            code.writestr("stand_in.py", STAND_IN)
        created = self.cloud.client("lambda").create_function(
            FunctionName="scripted",
            Runtime="python3.13",
            Architectures=[ARCHITECTURE],
            Handler="stand_in.handler",
            Role=role,
            Code={"ZipFile": archive.getvalue()},
            Environment={"Variables": {"MARKS": str(self.marks)}},
        )
        return str(created["FunctionArn"])

    def start(self, workflow: str, identity: str, failures: Failures, passed: bool = True) -> str:
        script = quote(
            json.dumps({"id": identity, "failures": failures, "passed": passed}), safe=""
        )
        image: Any = {"image_url": f"s3://images/uploads/{script}"}
        if workflow == FAILURE:
            ended_badly = {"executionArn": "arn:e", "status": "ABORTED", "input": json.dumps(image)}
            image = [{"body": json.dumps({"detail": ended_badly})}]
        return str(
            self._states.start_execution(
                stateMachineArn=self.arns[workflow], input=json.dumps(image)
            )["executionArn"]
        )

    def wait(self, execution: str) -> Run:
        return ended(self._states, execution)


def scripted(name: str, stand_in: str) -> dict[str, Any]:
    """A definition whose tasks call the stand-in; for a backlog only the part for an image."""
    text = (DEFINITIONS / f"{name}.asl.json").read_text()
    for placeholder, value in SUBSTITUTIONS.items():
        text = text.replace(f"${{{placeholder}}}", value)
    definition: dict[str, Any] = json.loads(text)
    if name == BACKLOG:
        processor = definition["States"]["Classify list"]["ItemProcessor"]
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": processor["StartAt"],
            "States": processor["States"],
        }
    image_url = {WORKFLOW: "{% $image_url %}", FAILURE: "{% $request.image_url %}"}.get(
        name, "{% $states.input.image_url %}"
    )
    for state_name, state in definition["States"].items():
        if state["Type"] == "Task" and "lambda:invoke" in state["Resource"]:
            state["Arguments"] = {
                "FunctionName": stand_in,
                "Payload": {"state": state_name, "image_url": image_url},
            }
        elif state["Type"] == "Task":
            state["Resource"] = stand_in
            state["Arguments"] = {"state": state_name, "image_url": image_url}
    return definition


def create_role(cloud: Cloud) -> str:
    """A role for the stand-in and for the workflows that invoke it."""
    iam = cloud.client("iam")
    services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
    trust = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
    allow = {"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}
    role = iam.create_role(
        RoleName="scripted", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    iam.put_role_policy(
        RoleName="scripted", PolicyName="a", PolicyDocument=json.dumps({"Statement": [allow]})
    )
    return str(role["Role"]["Arn"])


@pytest.fixture(scope="module")
def workflow(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Scripted:
    return Scripted(cloud, tmp_path_factory.mktemp("marks"))


@pytest.fixture(scope="module")
def runs(workflow: Scripted) -> dict[Case, Run]:
    """All cases at once, since each spends its time waiting."""
    started = {
        case: workflow.start(
            case.workflow,
            f"case-{number}",
            BEFORE.get((case.workflow, case.state), {}) | {case.state: (case.error, ALWAYS)},
        )
        for number, case in enumerate(CASES)
    }
    return {case: workflow.wait(execution) for case, execution in started.items()}


def the_case(state: str, error: str) -> Case:
    return next(
        case
        for case in CASES
        if (case.workflow, case.state, case.error) == (WORKFLOW, state, error)
    )


def test_cases_cover_every_error_name_of_every_task() -> None:
    named = {
        (workflow, name, UNNAMED if error == "States.ALL" else error)
        for workflow in (WORKFLOW, FAILURE, BACKLOG)
        for name, state in scripted(workflow, "")["States"].items()
        for rule in state.get("Retry", []) + state.get("Catch", [])
        for error in rule["ErrorEquals"]
    }
    assert named == {(case.workflow, case.state, case.error) for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_error_is_retried_and_caught(runs: dict[Case, Run], case: Case) -> None:
    assert case.attempts == runs[case].attempts[case.state]
    assert case.end == runs[case].path[-1]


@pytest.mark.parametrize("error", UNREADABLE)
def test_unreadable_image_succeeds_with_the_functions_sentence(
    runs: dict[Case, Run], error: str
) -> None:
    run = runs[the_case("Serialize image", error)]
    assert ("SUCCEEDED", "UNREADABLE", error, f"A sentence about {error}.") == (
        run.description["status"],
        *[run.output[field] for field in ("outcome", "error", "cause")],
    )


def test_failed_execution_has_error_and_cause(runs: dict[Case, Run]) -> None:
    description = runs[the_case("Classify image", "EndpointNotFoundError")].description
    assert ("FAILED", "EndpointNotFoundError", "A sentence about EndpointNotFoundError.") == tuple(
        description[field] for field in ("status", "error", "cause")
    )


def test_error_of_step_functions_itself_has_one_name_in_record_and_execution(
    runs: dict[Case, Run],
) -> None:
    # Names that begin with "States." are reserved: a Fail state must not raise them.
    run = runs[the_case("Serialize image", "States.Timeout")]
    assert "FAILED" == run.description["status"]
    assert "Workflow.Timeout" == run.description["error"]


def test_failure_is_recorded_and_announced_before_the_execution_fails(
    runs: dict[Case, Run],
) -> None:
    path = runs[the_case("Filter inferences", "InvalidThresholdError")].path
    assert ["Explain error", "Record error", "Failed?", "Announce failure", "Failed"] == path[-5:]


def test_execution_that_cannot_record_fails_with_the_databases_own_error(
    runs: dict[Case, Run],
) -> None:
    description = runs[the_case("Record prediction", "DynamoDB.ThrottlingException")].description
    assert "FAILED" == description["status"]
    assert "DynamoDB.ThrottlingException" == description["error"]


def test_duplicate_runs_no_function_and_answers_the_recorded_outcome(runs: dict[Case, Run]) -> None:
    run = runs[the_case("Open record", CONDITION_FAILED)]
    found = ["Read input", "Valid input?", "Find version", "Valid input?"]
    assert [*found, "Open record", "Read record", "Announced?", "Already recorded"] == run.path
    assert "ACCEPTED" == run.output["outcome"]


@pytest.mark.parametrize(("passed", "outcome"), [(True, "ACCEPTED"), (False, "REVIEW")])
def test_confidence_decides_between_accepted_and_for_review(
    workflow: Scripted, passed: bool, outcome: str
) -> None:
    run = workflow.wait(workflow.start(WORKFLOW, f"passed-{passed}", {}, passed))
    assert outcome == run.output["outcome"]
    assert "Announce outcome" == run.path[-1]


@pytest.mark.parametrize(
    "state", ["Find version", "Open record", *TASKS, "Record prediction", "Announce outcome"]
)
def test_one_transient_error_is_retried_and_forgotten(workflow: Scripted, state: str) -> None:
    run = workflow.wait(workflow.start(WORKFLOW, f"once-{state}", {state: ("States.Timeout", 1)}))
    assert 2 == run.attempts[state]
    assert "ACCEPTED" == run.output["outcome"]
