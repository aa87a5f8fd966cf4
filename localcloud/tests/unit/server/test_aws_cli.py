"""Check the AWS CLI of a shell that evaluated `env`: its version, and its requests."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from localcloud.server.aws_cli import warning
from localcloud.server.client_environment import shell_commands
from localcloud.server.settings import IMPORT_FOLDER

URL = "http://127.0.0.1:4566"
PAGES = (IMPORT_FOLDER / "README.md", *sorted((IMPORT_FOLDER / "docs").glob("*.md")))
# A command of the guides, as `aws lambda get-account-settings`.
COMMAND = re.compile(r"`(aws [a-z0-9-]+ [a-z][^`\n]*)`")
# A user's own settings, which must not reach AWS.
OUTSIDE = {
    "AWS_ACCESS_KEY_ID": "token",
    "AWS_SECRET_ACCESS_KEY": "token",
    "AWS_SESSION_TOKEN": "token",
    "AWS_PROFILE": "work",
    "AWS_ENDPOINT_URL_SQS": "https://sqs.us-east-1.amazonaws.com",
}
# Prints "3", which ends the loop of the tutorial that waits for three images.
RECORDER = """#!{python} -SE
import json, os, sys
with open({calls!r}, "a") as file:
    print(json.dumps([sys.argv[1:], dict(os.environ)]), file=file)
print(3)
"""
# Makes the calls in AWS CLI 1 up to the point of sending; prints URL and signature.
DRIVER = """
import json, os, sys
import awscli
from awscli.clidriver import create_clidriver

data = os.environ["AWS_DATA_PATH"]
for arguments, environment in json.load(sys.stdin):
    os.environ.clear()
    os.environ.update(environment, AWS_DATA_PATH=data)
    sent = []

    def note(request, **event):
        sent.append([request.url, str(request.headers.get("Authorization"))])
        raise KeyboardInterrupt

    driver = create_clidriver()
    driver.session.register("before-send", note)
    driver.main(arguments)
    print("sent", json.dumps(sent))
"""
type Call = tuple[list[str], dict[str, str]]


def _put_aws(folder: Path, version: str) -> dict[str, str]:
    (folder / "aws").write_text(f"#!/bin/sh\necho '{version}'\n")
    (folder / "aws").chmod(0o755)
    return {"PATH": str(folder)}


@pytest.mark.parametrize(
    "version",
    [
        "aws-cli/2.13.0 Python/3.11.4 Linux/6.1",
        "aws-cli/2.31.20 Python/3.13.7",
        "aws-cli/3.0.0 Python/3.15",
    ],
)
def test_version_that_obeys_the_variable_causes_no_warning(version: str, tmp_path: Path) -> None:
    assert warning(_put_aws(tmp_path, version)) is None


@pytest.mark.parametrize(
    ("version", "expected"),
    [
        (
            "aws-cli/1.46.3 Python/3.13.0",
            "AWS CLI 1.46.3 ({}) ignores AWS_ENDPOINT_URL for sqs, emr, rds",
        ),
        (
            "aws-cli/1.22.34 Python/3.10.6",
            "AWS CLI 1.22.34 ({}) ignores AWS_ENDPOINT_URL. This shell",
        ),
        (
            "aws-cli/2.9.19 Python/3.11.2",
            "AWS CLI 2.9.19 ({}) ignores AWS_ENDPOINT_URL. This shell",
        ),
        ("hello", "The version of {} is unknown."),
    ],
)
def test_warning_names_a_version_that_ignores_the_variable(
    version: str, expected: str, tmp_path: Path
) -> None:
    text = str(warning(_put_aws(tmp_path, version)))
    assert text.startswith(expected.format(tmp_path / "aws")), text
    assert 'write `aws --endpoint-url "$AWS_ENDPOINT_URL" ...`' in text


def test_machine_without_the_aws_cli_causes_no_warning(tmp_path: Path) -> None:
    assert warning({"PATH": str(tmp_path)}) is None


def _calls(commands: str, folder: Path) -> list[Call]:
    """Let a shell that evaluated `env` run commands; return its calls of `aws`.

    The PATH has no other program.
    """
    calls = folder / "calls"
    calls.touch()
    (folder / "aws").write_text(RECORDER.format(python=sys.executable, calls=str(calls)))
    (folder / "aws").chmod(0o755)
    outside = {"PATH": str(folder), "HOME": str(folder), **OUTSIDE}
    script = "\n".join([*shell_commands(URL, outside), commands])
    subprocess.run(
        ["/bin/bash", "-c", script],
        cwd=folder,
        env=outside,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    return [tuple(json.loads(line)) for line in calls.read_text().splitlines()]


def _require_loopback(calls: list[Call]) -> None:
    """Make calls in AWS CLI 1; check that each request goes to the local cloud with its key."""
    aws = shutil.which("aws")
    assert aws is not None, "The tests need AWS CLI 1 on PATH."
    ended = subprocess.run(
        [str(Path(aws).with_name("python")), "-c", DRIVER],
        cwd=IMPORT_FOLDER,
        input=json.dumps(calls),
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    lines = [
        line.removeprefix("sent ") for line in ended.stdout.splitlines() if line.startswith("sent ")
    ]
    assert len(calls) == len(lines), ended.stderr
    for call, line in zip(calls, lines, strict=True):
        requests = json.loads(line)
        assert requests, call[0]
        for url, authorization in requests:
            assert url.startswith(f"{URL}/"), call[0]
            assert "Credential=local/" in authorization, call[0]


def test_request_of_every_service_goes_to_the_local_cloud_with_its_credentials(
    tmp_path: Path,
) -> None:
    commands = (
        "aws sqs list-queues",
        "aws health describe-events",
        "aws stepfunctions list-state-machines",
    )
    calls = _calls("\n".join(commands), tmp_path)
    assert len(commands) == len(calls)
    _require_loopback(calls)


def test_endpoint_url_of_the_user_takes_precedence(tmp_path: Path) -> None:
    [(arguments, _)] = _calls("aws --endpoint-url https://other sqs list-queues", tmp_path)
    assert ["--endpoint-url", "https://other", "sqs", "list-queues"] == arguments[1:]


def test_shell_without_the_variable_calls_aws_unchanged(tmp_path: Path) -> None:
    [(arguments, _)] = _calls("unset AWS_ENDPOINT_URL; aws sqs list-queues", tmp_path)
    assert ["sqs", "list-queues"] == arguments


def test_alias_of_the_user_does_not_break_the_function(tmp_path: Path) -> None:
    commands = "\n".join(shell_commands(URL, {}))
    script = (
        "shopt -s expand_aliases\nalias aws='aws --debug'\neval "
        f"{json.dumps('$commands')}\ntype -t aws"
    )
    ended = subprocess.run(
        ["/bin/bash", "-c", script],
        env={"commands": commands},
        capture_output=True,
        check=True,
        text=True,
    )
    assert "function\n" == ended.stdout


def test_documented_commands_go_to_the_local_cloud(tmp_path: Path) -> None:
    pages = [page.read_text(encoding="utf-8") for page in PAGES]
    commands = [command for page in pages for command in COMMAND.findall(page)]
    calls = _calls("\n".join(commands), tmp_path)

    # One call of each operation is enough: ["--endpoint-url=...", "dynamodb", "scan", ...].
    operations = {tuple(call[0][:3]): call for call in calls}
    assert {"cloudformation", "lambda"} <= {service for _, service, _ in operations}
    _require_loopback(list(operations.values()))
