"""Use endpoints of the local cloud with the AWS command line and boto3."""

import json
import subprocess
import time
from base64 import b64decode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud, running
from localcloud.server.settings import Folder
from localcloud.tests.contract import hosted

BUCKET = "hosting-clients"
NAMESPACE = "sagemaker"
DIMENSION = "sagemaker:variant:DesiredInstanceCount"


@pytest.fixture(scope="module")
def model_url(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    return hosted.put_model(cloud, tmp_path_factory.mktemp("model"), BUCKET)


@pytest.fixture(scope="module")
def endpoint(cloud: Cloud, model_url: str) -> str:
    """An endpoint with data capture."""
    hosted.create_config(cloud, "trucks", model_url, hosted.capture_to(BUCKET))
    hosted.create_endpoint(cloud, "trucks")
    return "trucks"


def test_model_whose_role_does_not_trust_sagemaker_is_refused(cloud: Cloud, model_url: str) -> None:
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "lambda.amazonaws.com"},
    }
    document = json.dumps({"Statement": [trust]})
    role = cloud.client("iam").create_role(RoleName="of-lambda", AssumeRolePolicyDocument=document)[
        "Role"
    ]["Arn"]
    container = {"Image": hosted.IMAGE, "ModelDataUrl": model_url}
    for refused in (role, f"{role}-missing"):
        with pytest.raises(
            ClientError,
            match=rf'ValidationException.*Please ensure that the role "{refused}" exists',
        ):
            cloud.client("sagemaker").create_model(
                ModelName="refused", ExecutionRoleArn=refused, PrimaryContainer=container
            )


def until[Found](find: Callable[[], Found]) -> Found:
    """Repeat a request until it has a result."""
    deadline = time.monotonic() + 20
    while not (found := find()):
        assert time.monotonic() < deadline, "did not happen within 20 seconds"
        time.sleep(0.05)
    return found


def aws(cloud: Cloud, *arguments: str) -> Any:
    command = ["aws", *arguments]
    answer = subprocess.run(
        command, env=cloud.environment, capture_output=True, check=True, text=True
    )
    return json.loads(answer.stdout)


def invoke(cloud: Cloud, endpoint: str, **members: Any) -> Any:
    request = {"Body": hosted.picture(), "ContentType": "application/x-image", **members}
    return cloud.client("sagemaker-runtime").invoke_endpoint(EndpointName=endpoint, **request)


def statistics(
    cloud: Cloud, endpoint: str, metric: str, **wanted: list[str]
) -> list[dict[str, Any]]:
    now = datetime.now(UTC)
    found: list[dict[str, Any]] = cloud.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/SageMaker",
        MetricName=metric,
        Dimensions=[
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": "blue"},
        ],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=3600,
        **wanted,
    )["Datapoints"]
    return found


def test_aws_sagemaker_describes_an_endpoint(cloud: Cloud, endpoint: str) -> None:
    described = aws(cloud, "sagemaker", "describe-endpoint", "--endpoint-name", endpoint)

    assert "InService" == described["EndpointStatus"]
    assert described["DataCaptureConfig"]["EnableCapture"] is True


def test_aws_sagemaker_runtime_gets_the_class_probabilities(
    cloud: Cloud, endpoint: str, tmp_path: Path
) -> None:
    (tmp_path / "picture").write_bytes(hosted.picture())

    results = aws(
        cloud, "sagemaker-runtime", "invoke-endpoint", "--endpoint-name", endpoint,
        "--content-type", "application/x-image", "--accept", "application/json",
        "--body", f"fileb://{tmp_path}/picture", f"{tmp_path}/answer",
    )  # fmt: skip

    assert "blue" == results["InvokedProductionVariant"]
    assert hosted.PROBABILITIES == pytest.approx(json.loads((tmp_path / "answer").read_text()))


def test_aws_application_autoscaling_registers_a_variant(cloud: Cloud, endpoint: str) -> None:
    target = ["--service-namespace", NAMESPACE, "--scalable-dimension", DIMENSION]
    resource = f"endpoint/{endpoint}/variant/blue"
    bounds = ["--min-capacity", "1", "--max-capacity", "2"]

    arn = aws(
        cloud,
        "application-autoscaling",
        "register-scalable-target",
        *target,
        "--resource-id",
        resource,
        *bounds,
    )

    (known,) = cloud.client("application-autoscaling").describe_scalable_targets(
        ServiceNamespace=NAMESPACE
    )["ScalableTargets"]
    assert resource == known["ResourceId"]
    assert arn["ScalableTargetARN"] == known["ScalableTargetARN"]


def test_user_without_a_policy_may_not_register_a_variant(cloud: Cloud) -> None:
    iam = cloud.client("iam")
    iam.create_user(UserName="onlooker")
    key = iam.create_access_key(UserName="onlooker")["AccessKey"]
    scaling = cloud.client("application-autoscaling", key["AccessKeyId"], key["SecretAccessKey"])

    with pytest.raises(
        ClientError,
        match="not authorized to perform: application-autoscaling:DescribeScalableTargets",
    ):
        scaling.describe_scalable_targets(ServiceNamespace=NAMESPACE)


def test_cloudwatch_has_the_invocations_and_their_latency(cloud: Cloud, model_url: str) -> None:
    hosted.create_config(cloud, "measured", model_url)
    hosted.create_endpoint(cloud, "measured")
    for _ in range(3):
        invoke(cloud, "measured")

    (counted,) = until(
        lambda: [
            found
            for found in statistics(cloud, "measured", "Invocations", Statistics=["Sum"])
            if found["Sum"] == 3
        ]
    )

    (latency,) = statistics(cloud, "measured", "ModelLatency", ExtendedStatistics=["p99"])
    assert 3.0 == counted["Sum"]
    assert "Microseconds" == latency["Unit"]
    assert 100 < latency["ExtendedStatistics"]["p99"] < 60e6


def test_alarm_changes_its_state_at_an_error_of_the_client(cloud: Cloud, model_url: str) -> None:
    hosted.create_config(cloud, "alarmed", model_url)
    hosted.create_endpoint(cloud, "alarmed")
    cloudwatch = cloud.client("cloudwatch")
    dimensions = [
        {"Name": "EndpointName", "Value": "alarmed"},
        {"Name": "VariantName", "Value": "blue"},
    ]
    cloudwatch.put_metric_alarm(
        AlarmName="refusals",
        Namespace="AWS/SageMaker",
        MetricName="Invocation4XXErrors",
        Dimensions=dimensions,
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )

    with pytest.raises(ClientError, match="ModelError"):
        invoke(cloud, "alarmed", ContentType="text/csv")

    def state() -> str:
        return str(
            cloudwatch.describe_alarms(AlarmNames=["refusals"])["MetricAlarms"][0]["StateValue"]
        )

    assert until(lambda: state() == "ALARM")


def test_captured_data_is_in_s3(cloud: Cloud, endpoint: str) -> None:
    invoke(cloud, endpoint, InferenceId="order-7")

    line = until(lambda: [text for text in hosted.captured(cloud, BUCKET) if '"order-7"' in text])[
        0
    ]

    data = json.loads(line)["captureData"]
    assert hosted.picture() == b64decode(data["endpointInput"]["data"])
    assert hosted.PROBABILITIES == pytest.approx(json.loads(data["endpointOutput"]["data"]))


def test_pending_captured_data_is_written_when_the_cloud_stops(tmp_path: Path) -> None:
    folder = Folder(tmp_path / ".local")
    with running(folder.path, publish_seconds=3600) as stopping:
        model = hosted.put_model(stopping, tmp_path, BUCKET)
        hosted.create_config(stopping, "trucks", model, hosted.capture_to(BUCKET))
        hosted.create_endpoint(stopping, "trucks")
        invoke(stopping, "trucks")

    assert 1 == len(list((folder.state / "s3").rglob("*.jsonl")))


def test_waiter_sees_an_endpoint_deleted(cloud: Cloud, model_url: str) -> None:
    hosted.create_config(cloud, "leaving", model_url)
    hosted.create_endpoint(cloud, "leaving")
    sagemaker = cloud.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName="leaving")

    sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName="leaving", WaiterConfig={"Delay": 0.05}
    )

    assert [] == sagemaker.list_endpoints(NameContains="leaving")["Endpoints"]


def test_paginator_lists_every_model(cloud: Cloud, model_url: str) -> None:
    sagemaker = cloud.client("sagemaker")
    for number in range(3):
        container = {"Image": hosted.IMAGE, "ModelDataUrl": model_url}
        sagemaker.create_model(
            ModelName=f"paged-{number}", ExecutionRoleArn=hosted.ROLE, PrimaryContainer=container
        )

    pages = sagemaker.get_paginator("list_models").paginate(
        NameContains="paged", PaginationConfig={"PageSize": 2}
    )

    assert [2, 1] == [len(page["Models"]) for page in pages]
