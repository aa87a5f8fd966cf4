"""Use models and endpoints of the local cloud with the unchanged resources of the SageMaker SDK."""

import json
import subprocess
import sys
from typing import Any

import pytest

from localcloud.server.cloud import Cloud
from localcloud.tests.contract import hosted

# The SDK runs in its own process: its import takes seconds, its first compilation prints warnings,
# and it keeps its client.
SCRIPT = """
import json, sys
from botocore.exceptions import ClientError
from sagemaker.core.resources import Endpoint, EndpointConfig, Model
from sagemaker.core.shapes import ContainerDefinition, ProductionVariant

image, role, url, picture, result = sys.argv[1:]
container = ContainerDefinition(image=image, model_data_url=url)
model = Model.create(model_name="by-sdk", primary_container=container, execution_role_arn=role)
variant = ProductionVariant(
    variant_name="blue", model_name="by-sdk", instance_type="ml.m5.large", initial_instance_count=1
)
config = EndpointConfig.create(endpoint_config_name="by-sdk", production_variants=[variant])
endpoint = Endpoint.create(endpoint_name="by-sdk", endpoint_config_name="by-sdk")
endpoint.wait_for_status("InService", poll=1, timeout=60)
results = {
    "url": Model.get("by-sdk").primary_container.model_data_url,
    "instance_type": EndpointConfig.get("by-sdk").production_variants[0].instance_type,
    "status": Endpoint.get("by-sdk").endpoint_status,
}
answer = endpoint.invoke(body=open(picture, "rb").read(), content_type="application/x-image")
results["probabilities"] = json.loads(answer.body.read())
endpoint.delete()
endpoint.wait_for_delete(poll=1, timeout=60)
config.delete()
model.delete()
try:
    endpoint.refresh()
except ClientError as exc:
    results["refreshed"] = exc.response["Error"]["Message"]
json.dump(results, open(result, "w"))
"""


@pytest.fixture(scope="module")
def results(cloud: Cloud, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The results of the script."""
    folder = tmp_path_factory.mktemp("sdk")
    (folder / "picture").write_bytes(hosted.picture())
    model_url = hosted.put_model(cloud, folder, "sdk-hosting")
    arguments = [
        hosted.IMAGE,
        hosted.ROLE,
        model_url,
        str(folder / "picture"),
        str(folder / "result.json"),
    ]
    command = [sys.executable, "-W", "ignore", "-c", SCRIPT, *arguments]
    ended = subprocess.run(
        command, env=cloud.environment, cwd=folder, capture_output=True, check=False, text=True
    )
    assert 0 == ended.returncode, ended.stderr
    return json.loads((folder / "result.json").read_text())


def test_model_of_the_sdk_is_read_as_it_was_created(results: Any) -> None:
    assert "s3://sdk-hosting/model.tar.gz" == results["url"]


def test_endpoint_configuration_of_the_sdk_is_read_as_it_was_created(results: Any) -> None:
    assert "ml.m5.large" == results["instance_type"]


def test_endpoint_of_the_sdk_comes_into_service(results: Any) -> None:
    assert "InService" == results["status"]


def test_endpoint_of_the_sdk_answers(results: Any) -> None:
    assert hosted.PROBABILITIES == pytest.approx(results["probabilities"])


def test_endpoint_deleted_through_the_sdk_is_gone(results: Any) -> None:
    assert results["refreshed"].startswith("Could not find endpoint")
