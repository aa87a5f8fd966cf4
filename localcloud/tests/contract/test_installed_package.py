"""Use the package in an empty environment and an empty folder, as another project does."""

import ast
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uv

PACKAGE = Path(__file__).parents[2]
EXAMPLE = PACKAGE / "examples/train_and_invoke.py"
# A workflow that invokes a function: the services beside SageMaker.
WORKFLOW = """
import io, json, time, zipfile
import boto3

code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive:
    archive.writestr("app.py", "import boto3\\ndef handler(event, _): return event['number'] + 1")
services = {"Service": ["lambda.amazonaws.com", "states.amazonaws.com"]}
trust = {"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": services}]}
allow = {"Statement": [{"Effect": "Allow", "Action": "lambda:InvokeFunction", "Resource": "*"}]}
iam = boto3.client("iam")
role = iam.create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
iam.put_role_policy(RoleName="r", PolicyName="use", PolicyDocument=json.dumps(allow))
function = boto3.client("lambda").create_function(
    FunctionName="f", Runtime="python3.13", Handler="app.handler", Role=role,
    Code={"ZipFile": code.getvalue()},
)
task = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Arguments": {
        "FunctionName": function["FunctionArn"],
        "Payload": {"number": "{% $states.input.number %}"},
    },
    "Output": "{% $states.result.Payload %}",
    "End": True,
}
states = boto3.client("stepfunctions")
definition = json.dumps({"QueryLanguage": "JSONata", "StartAt": "Add", "States": {"Add": task}})
machine = states.create_state_machine(
    name="m", definition=definition, roleArn=role
)["stateMachineArn"]
execution = states.start_execution(stateMachineArn=machine, input='{"number": 41}')["executionArn"]
while (described := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
    time.sleep(0.1)
print(described["status"], described.get("output"))
"""


def run(command: list[str | Path], **options: Any) -> str:
    ended = subprocess.run(command, capture_output=True, check=False, text=True, **options)
    assert 0 == ended.returncode, ended.stdout + ended.stderr
    return str(ended.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder outside the checkout."""
    return tmp_path_factory.mktemp("project")


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The Python of an environment that has this package, and nothing of the checkout."""
    environment = tmp_path_factory.mktemp("environment") / "venv"
    run([uv.find_uv_bin(), "venv", "--no-project", "--python", sys.executable, environment])
    run([uv.find_uv_bin(), "pip", "install", "--python", environment, PACKAGE])
    return environment / "bin/python"


@pytest.fixture(scope="module")
def clients(python: Path, folder: Path) -> Iterator[dict[str, str]]:
    """The environment of clients of a local cloud that the package serves from the folder."""
    ours = ("AWS_", "PYTHON", "LOCALCLOUD_")
    outside = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    run([python, "-m", "localcloud", "up", "--detach", "--port", "0"], cwd=folder, env=outside)
    try:
        printed = run([python, "-m", "localcloud", "env", "--json"], cwd=folder, env=outside)
        yield {**outside, **json.loads(printed)}
    finally:
        run([python, "-m", "localcloud", "down"], cwd=folder, env=outside)


@pytest.mark.long  # it installs forty packages
def test_installed_package_writes_only_to_its_folder_and_environment(
    clients: dict[str, str], python: Path, folder: Path
) -> None:
    assert [".localcloud"] == [path.name for path in folder.iterdir()]
    shared = python.parents[1] / "share/localcloud"
    assert 1 == len(list(shared.glob("lambda-python3.13-*/bin/python")))


@pytest.mark.long
def test_installed_package_trains_and_serves_a_model(
    clients: dict[str, str], python: Path, folder: Path
) -> None:
    probabilities = ast.literal_eval(run([python, EXAMPLE], cwd=folder, env=clients))
    assert ["red", "green"] == list(probabilities)
    assert probabilities["red"] > 0.9


@pytest.mark.long
def test_installed_package_runs_workflows_and_functions(
    clients: dict[str, str], python: Path, folder: Path
) -> None:
    assert "SUCCEEDED 42\n" == run([python, "-c", WORKFLOW], cwd=folder, env=clients)


def test_example_is_as_short_as_the_readme_says() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 60
    assert max(map(len, lines)) <= 100
