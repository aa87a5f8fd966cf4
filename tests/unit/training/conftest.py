"""What tests of the training tool share: a run of its own, an account in memory, and AWS's own idea of a request."""

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import pytest
from botocore.validate import ParamValidator
from moto import mock_aws

from cli.aws import Aws
from training.project.naming import Names
from training.project.run_file import RunFile, open_run_file
from training.project.step import Context
from untrusted.console import Console

LOADER = botocore.session.get_session().get_component("data_loader")  # parsing AWS's models is what clients cost


@pytest.fixture(scope="session")
def valid_request() -> Callable[[str, str, dict[str, Any]], None]:
    """Assert that botocore would send a request: names and types of all members, and what is required."""
    core = shared_models()

    def check(service: str, operation: str, request: dict[str, Any]) -> None:
        shape = core.get_service_model(service).operation_model(operation).input_shape
        assert shape
        report = ParamValidator().validate(request, shape)
        assert "" == report.generate_report()

    return check


def shared_models() -> botocore.session.Session:
    """A session that need not parse what an earlier one has."""
    core = botocore.session.get_session()
    core.register_component("data_loader", LOADER)
    return core


@contextmanager
def account_in_memory(run_file: RunFile, shown: io.StringIO) -> Iterator[Context]:
    """A step's context, in an account that moto keeps in memory."""
    with pytest.MonkeyPatch.context() as environment, mock_aws():
        environment.delenv("AWS_ENDPOINT_URL", raising=False)  # the shell may point at a local cloud
        core = shared_models()
        session = boto3.session.Session("testing", "testing", region_name="us-east-1", botocore_session=core)
        yield Context(Aws(session), Names(), run_file, Console(file=shown, width=200))


@pytest.fixture
def run_file(tmp_path: Path) -> RunFile:
    """The run.json of a run that has not begun."""
    return open_run_file(tmp_path / "runs/default")


@pytest.fixture
def shown() -> io.StringIO:
    """What the step has shown to people."""
    return io.StringIO()


@pytest.fixture
def context(run_file: RunFile, shown: io.StringIO) -> Iterator[Context]:
    """A step's context, in an account of its own that moto keeps in memory."""
    with account_in_memory(run_file, shown) as made:
        yield made
