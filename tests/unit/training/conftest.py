"""Provide a run, an account in memory, and a check of requests against AWS's models."""

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.stub import Stubber
from botocore.validate import ParamValidator
from moto import mock_aws

from cli.aws import Aws
from tests.unit.training.fake_clients import held_out
from tests.unit.training.fake_hosting import (
    deploy,
    hosting,
    hosting_account,
    model_url,
    swap_model,
    trained,
    trained_by_us,
)
from tests.unit.training.labelled_pictures import picture, prepared, source_folder, stage_options
from tests.unit.training.registered_models import (
    registered,
    registry,
    staged_context,
    staged_dataset,
)
from tests.unit.training.results_records import account_context, cloudformation, record
from tests.unit.training.reviewed_records import service, service_context, service_stack
from tests.unit.training.training_plans import (
    note_staged,
    plan,
    plan_in_s3,
    staged_run,
    train_options,
)
from training.project.naming import Names
from training.project.run_file import RunFile, open_run_file
from training.steps.context import Context
from untrusted.console import Console

# Each fixture has a name of its own, so that a test shows which fake it uses.
__all__ = [
    "account_context",
    "cloudformation",
    "deploy",
    "hosting",
    "hosting_account",
    "model_url",
    "note_staged",
    "picture",
    "plan",
    "plan_in_s3",
    "prepared",
    "record",
    "registered",
    "registry",
    "service",
    "service_context",
    "service_stack",
    "source_folder",
    "stage_options",
    "staged_context",
    "staged_dataset",
    "staged_run",
    "swap_model",
    "train_options",
    "trained",
    "trained_by_us",
]

LOADER = botocore.session.get_session().get_component(
    "data_loader"
)  # parsing AWS's models is what clients cost


@pytest.fixture(scope="session")
def valid_request() -> Callable[[str, str, dict[str, Any]], None]:
    """Assert that a request matches AWS's model: names, types and required members."""
    core = shared_models()

    def check(service: str, operation: str, request: dict[str, Any]) -> None:
        shape = core.get_service_model(service).operation_model(operation).input_shape
        assert shape
        report = ParamValidator().validate(request, shape)
        assert "" == report.generate_report()

    return check


def shared_models() -> botocore.session.Session:
    """Return a session that shares the parsed models of earlier sessions."""
    core = botocore.session.get_session()
    core.register_component("data_loader", LOADER)
    return core


@pytest.fixture(scope="session")
def aws() -> Aws:
    """Share clients among all tests, because their creation takes a second."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(
            "AWS_ENDPOINT_URL", raising=False
        )  # the shell may point at a local cloud
        core = shared_models()
        session = boto3.session.Session(
            "testing", "testing", region_name="us-east-1", botocore_session=core
        )
        return Aws(session)


@pytest.fixture
def run_file(tmp_path: Path) -> RunFile:
    """The run.json of a run that has not begun."""
    return open_run_file(tmp_path / "runs/default")


@pytest.fixture
def shown() -> io.StringIO:
    """The console output of the step."""
    return io.StringIO()


@pytest.fixture
def reads_test_split() -> None:
    """Let the step of a test read the test split."""


@pytest.fixture
def context(
    aws: Aws, run_file: RunFile, shown: io.StringIO, request: pytest.FixtureRequest
) -> Iterator[Context]:
    """Return a context in moto's account, where no step reads the test split by default."""
    guard = nullcontext() if "reads_test_split" in request.fixturenames else held_out(aws.s3)
    with mock_aws(), guard:
        yield Context(aws, Names(), run_file, Console(file=shown, width=200))


@pytest.fixture
def own_context(run_file: RunFile, shown: io.StringIO) -> Iterator[Context]:
    """Return a context with new clients, for a test that registers handlers."""
    session = boto3.session.Session(
        "testing", "testing", region_name="us-east-1", botocore_session=shared_models()
    )
    with mock_aws():
        yield Context(Aws(session), Names(), run_file, Console(file=shown, width=200))


@pytest.fixture
def enough_quota(context: Context) -> Iterator[None]:
    """Let the account train on one machine with a GPU; Service Quotas is asked at most twice."""
    quota = {"QuotaName": "ml.g4dn.xlarge for training job usage", "Value": 1.0}
    with Stubber(context.aws.service_quotas) as stubber:
        for _ in range(2):
            stubber.add_response("list_service_quotas", {"Quotas": [quota]})
        yield
