"""MiniStack's functions run in the pool; a MiniStack with other code fails these tests."""

import base64
import io
import json
import zipfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ministack import app
from ministack.services import cloudwatch_logs, iam, lambda_svc, sts

from localcloud.lambda_runtime import installation
from localcloud.lambda_runtime.pool import LambdaPool
from localcloud.lambda_runtime.settings import ARCHITECTURE, PoolSettings, RuntimeMissingError
from localcloud.ministack.aws_lambda.pooled_execution import install
from localcloud.ministack.patch import PatchMismatchError
from localcloud.ministack.stepfunctions import functions
from localcloud.server.settings import data_folder
from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.executions import Execution
from localcloud.stepfunctions.integrations import find_integration
from localcloud.stepfunctions.machines import Revision

SOURCE = """
import os, time
class EmptyImageError(Exception): ...
def handler(event, context):
    print("event", event)
    if "sleep" in event:
        time.sleep(event["sleep"])
    if "fail" in event:
        raise EmptyImageError("no bytes")
    return {"event": event, "variables": dict(os.environ), "arn": context.invoked_function_arn}
"""


def zipped(files: dict[str, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return buffer.getvalue()


@pytest.fixture
def settings(tmp_path: Path) -> PoolSettings:
    python = installation.install(data_folder(), print)
    return PoolSettings(python, tmp_path, "http://127.0.0.1:1", 1, wait_seconds=0.2)


@pytest.fixture
def ministack_unchanged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Remove the patches of the test afterwards."""
    for name in ("_execute_function_warm", "_throttle_response", "_reject_unreadable_zip"):
        monkeypatch.setattr(lambda_svc, name, getattr(lambda_svc, name))


@pytest.fixture
def pool(settings: PoolSettings, ministack_unchanged: None) -> Iterator[LambdaPool]:
    with closing(install(settings)) as pool:
        yield pool


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Return a function in MiniStack's format."""
    code = zipped({"app.py": SOURCE})
    config = lambda_svc._build_config(
        "patched",
        {
            "Runtime": "python3.13",
            "Architectures": [ARCHITECTURE],
            "Handler": "app.handler",
            "Role": "arn:aws:iam::000000000000:role/actor",
            "Environment": {"Variables": {"THRESHOLD": "0.8"}},
        },
        code,
    )
    record = {"config": config, "code_zip": code, "versions": {}, "aliases": {}}
    monkeypatch.setitem(lambda_svc._functions, "patched", record)
    monkeypatch.setitem(iam._roles, "actor", trusted_by("lambda.amazonaws.com"))

    return record


def trusted_by(service: str) -> dict[str, str]:
    """Return a role in MiniStack's format that a service may assume."""
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    return {"AssumeRolePolicyDocument": json.dumps({"Statement": [trust]})}


def test_install_without_the_runtime_changes_nothing(
    settings: PoolSettings, tmp_path: Path
) -> None:
    before = lambda_svc._execute_function_warm
    with pytest.raises(RuntimeMissingError):
        install(replace(settings, python=tmp_path / "bin/python"))
    assert before is lambda_svc._execute_function_warm


@pytest.mark.parametrize(
    "name", ["_execute_function_warm", "_throttle_response", "_reject_unreadable_zip"]
)
@pytest.mark.usefixtures("ministack_unchanged")
def test_changed_function_of_ministack_is_named(
    settings: PoolSettings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(lambda_svc, name, lambda changed: changed)
    with pytest.raises(PatchMismatchError, match=name):
        install(settings)


@pytest.mark.usefixtures("pool", "function")
@pytest.mark.parametrize("operation", ["functions", "layers"])
def test_unsafe_package_is_refused_at_upload(
    operation: str,
) -> None:
    code = {"ZipFile": base64.b64encode(zipped({"app.py": SOURCE, "../escaped": ""})).decode()}
    settings = {
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::000000000000:role/actor",
    }
    if operation == "functions":
        status, _, body = lambda_svc._create_function(
            {"FunctionName": "unsafe", "Code": code, **settings}
        )
    else:
        status, _, body = lambda_svc._publish_layer_version("unsafe", {"Content": code})

    assert 400 == status
    assert "Could not unzip uploaded file" in json.loads(body)["message"]
    assert "../escaped" in json.loads(body)["message"]


@pytest.mark.usefixtures("pool")
def test_function_of_ministack_runs_in_the_pool(function: dict[str, Any]) -> None:
    result = lambda_svc._execute_function(function, {"n": 1})
    assert result["error"] is False
    assert {"n": 1} == result["body"]["event"]
    assert function["config"]["FunctionArn"] == result["body"]["arn"]
    assert "0.8" == result["body"]["variables"]["THRESHOLD"]


@pytest.mark.usefixtures("pool")
def test_function_runs_with_the_credentials_of_its_role(
    function: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "AUTH", True)
    variables = lambda_svc._execute_function(function, {})["body"]["variables"]
    session = sts._sessions[variables["AWS_ACCESS_KEY_ID"]]
    assert "arn:aws:sts::000000000000:assumed-role/actor/patched" == session["Arn"]
    assert session["SecretAccessKey"] == variables["AWS_SECRET_ACCESS_KEY"]
    assert session["SessionToken"] == variables["AWS_SESSION_TOKEN"]


@pytest.mark.usefixtures("pool")
def test_function_whose_role_lambda_cannot_assume_does_not_run(
    function: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(iam._roles, "actor", trusted_by("states.amazonaws.com"))
    result = lambda_svc._execute_function(function, {})

    assert result["error"] is True
    assert "Lambda.AWSLambdaException" == result["body"]["errorType"]
    assert (
        "The role defined for the function cannot be assumed by Lambda."
        in result["body"]["errorMessage"]
    )


@pytest.mark.usefixtures("pool")
def test_alias_shares_the_environment_and_sees_its_own_arn(
    function: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app, "AUTH", True)
    arn = function["config"]["FunctionArn"] + ":live"
    aliased = {**function, "config": {**function["config"], "FunctionArn": arn}}
    first, second = (
        lambda_svc._execute_function(record, {})["body"] for record in (function, aliased)
    )

    assert arn == second["arn"]
    assert (
        first["variables"]["AWS_LAMBDA_LOG_STREAM_NAME"]
        == second["variables"]["AWS_LAMBDA_LOG_STREAM_NAME"]
    )


@pytest.mark.usefixtures("pool")
def test_output_of_the_function_is_in_its_log_group(function: dict[str, Any]) -> None:
    lambda_svc._execute_function(function, {"n": 2})
    streams = cloudwatch_logs._log_groups["/aws/lambda/patched"]["streams"].values()
    assert "event {'n': 2}" in [
        event["message"] for stream in streams for event in stream["events"]
    ]


def invoked_by_task(function: dict[str, Any], event: Any) -> Any:
    """Invoke a function by a task with the function's ARN as Resource."""
    integration = find_integration(function["config"]["FunctionArn"])
    assert integration is not None
    execution = Execution("arn", "arn", "it", "{}", Revision("{}", "arn"))
    return functions.invoke(execution, integration, event)


@pytest.mark.usefixtures("pool")
def test_step_functions_sees_the_class_of_the_error(function: dict[str, Any]) -> None:
    with pytest.raises(StateError) as raised:
        invoked_by_task(function, {"fail": True})
    assert "EmptyImageError" == raised.value.error
    assert "no bytes" == json.loads(raised.value.cause or "")["errorMessage"]


def test_step_functions_sees_a_closed_pool_as_throttling(
    pool: LambdaPool, function: dict[str, Any]
) -> None:
    pool.close()
    with pytest.raises(StateError) as raised:
        invoked_by_task(function, {})
    assert "Lambda.TooManyRequestsException" == raised.value.error


def test_client_sees_throttling_with_lambdas_error(
    pool: LambdaPool, function: dict[str, Any]
) -> None:
    pool.close()
    result = lambda_svc._execute_function(function, {})
    assert result["throttle"] is True
    assert "TooManyRequestsException" == result["body"]["__type"]


@pytest.mark.usefixtures("pool")
def test_timeout_of_the_configuration_ends_the_function(function: dict[str, Any]) -> None:
    function["config"]["Timeout"] = 0.2
    assert (
        "Sandbox.Timedout"
        == lambda_svc._execute_function(function, {"sleep": 60})["body"]["errorType"]
    )


@pytest.mark.usefixtures("pool")
def test_ministack_answers_for_a_function_without_code(function: dict[str, Any]) -> None:
    assert (
        "Mock response"
        in lambda_svc._execute_function({**function, "code_zip": None}, {})["body"]["body"]
    )


@pytest.mark.usefixtures("pool")
def test_layer_of_the_configuration_is_on_the_path(
    function: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    layer = {
        "versions": [{"Version": 1, "_zip_data": zipped({"python/extra.py": "origin = 'layer'"})}]
    }
    monkeypatch.setitem(lambda_svc._layers, "extra", layer)
    function["config"]["Layers"] = [
        {"Arn": "arn:aws:lambda:us-east-1:000000000000:layer:extra:1", "CodeSize": 1}
    ]
    function["code_zip"] = zipped(
        {"app.py": "import extra\ndef handler(event, context): return extra.origin"}
    )

    assert "layer" == lambda_svc._execute_function(function, {})["body"]


@pytest.mark.usefixtures("pool")
def test_error_of_a_function_for_another_processor_says_what_to_do(
    function: dict[str, Any],
) -> None:
    function["config"]["Architectures"] = ["another"]
    result = lambda_svc._execute_function_warm(function, {}, "request")
    assert result["error"] is True
    assert "built for another" in result["body"]["errorMessage"]
    assert "--parameter-overrides Architecture=" in result["body"]["errorMessage"]
