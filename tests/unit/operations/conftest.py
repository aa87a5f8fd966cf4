"""Fixtures for commands: a deployed service, and options as the command line parses them."""

import argparse
import io
from collections.abc import Callable, Iterator

import boto3
import pytest
from moto import mock_aws

from cli.aws import Aws
from operations.command_line import Command
from operations.service import failures
from operations.service.context import Context
from tests.unit.conforming import conforming
from tests.unit.operations.in_memory import Account, FakeStates, deploy
from untrusted.console import Console


@pytest.fixture(scope="session")
def aws() -> Aws:
    """An account in memory with its clients, made once: parsing AWS's models takes long."""
    with pytest.MonkeyPatch.context() as environment:
        environment.delenv(
            "AWS_ENDPOINT_URL", raising=False
        )  # the shell may point at a local cloud
        account = Aws(boto3.session.Session("testing", "testing", region_name="us-east-1"))
        assert account.s3
        assert account.dynamodb
        assert account.sqs
    return account


@pytest.fixture
def account(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Iterator[Account]:
    """A deployed service without images."""
    monkeypatch.setattr(failures, "WAIT", 0)
    states, shown = FakeStates(), io.StringIO()
    vars(aws)["stepfunctions"] = conforming(
        states, "stepfunctions"
    )  # where the client would be kept once it is made
    context = Context(aws, "scones-unlimited", Console(file=shown, width=200))
    with mock_aws():
        vars(context)["service"] = deploy(aws)  # where it would be kept once it is read
        yield Account(context, states, shown)


@pytest.fixture
def options() -> Callable[..., argparse.Namespace]:
    """Parse the options of a command, as the command line does; --yes and --json are off."""

    def parse(command: Command, *arguments: str) -> argparse.Namespace:
        parser = argparse.ArgumentParser()
        parser.add_argument("--json", action="store_true")
        command.add_arguments(parser)
        return parser.parse_args(arguments)

    return parse
