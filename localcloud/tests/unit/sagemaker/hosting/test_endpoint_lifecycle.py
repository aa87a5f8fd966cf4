"""Create, update, restart and delete endpoints."""

import json
import threading
from typing import Any

import pytest
from botocore.exceptions import ClientError, WaiterError

from localcloud.api.state_files import UnreadableStateError


def model_behind(cloud: Any, endpoint: str) -> str:
    answer = cloud.runtime.invoke_endpoint(EndpointName=endpoint, Body=b"picture")
    return str(json.loads(answer["Body"].read())["model"])


def failure_of(cloud: Any, endpoint: str) -> str:
    described = cloud.control.describe_endpoint(EndpointName=endpoint)
    return f"{described['EndpointStatus']}: {described['FailureReason']}"


def update(cloud: Any, endpoint: str, model: str, behaviour: str) -> None:
    cloud.create_model(model, behaviour)
    cloud.create_config(model, **{model: 1.0})
    cloud.control.update_endpoint(EndpointName=endpoint, EndpointConfigName=model)


def test_waiter_sees_a_new_endpoint_in_service(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.create_config("trucks", truck=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")

    cloud.control.get_waiter("endpoint_in_service").wait(
        EndpointName="trucks", WaiterConfig={"Delay": 0.01}
    )

    assert "InService" == cloud.control.describe_endpoint(EndpointName="trucks")["EndpointStatus"]


def test_endpoint_in_service_describes_its_variants(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    (variant,) = cloud.control.describe_endpoint(EndpointName="trucks")["ProductionVariants"]

    image = "000000000000.dkr.ecr.us-east-1.amazonaws.com/image-classification:1"
    assert "trucks" == variant["VariantName"]
    assert 1.0 == variant["CurrentWeight"]
    assert 1.0 == variant["DesiredWeight"]
    assert 1 == variant["CurrentInstanceCount"]
    assert 1 == variant["DesiredInstanceCount"]
    assert image == variant["DeployedImages"][0]["SpecifiedImage"]


def test_waiter_sees_a_failed_endpoint(cloud: Any) -> None:
    cloud.create_endpoint("broken", "cannot load")

    with pytest.raises(WaiterError):
        cloud.control.get_waiter("endpoint_in_service").wait(
            EndpointName="broken", WaiterConfig={"Delay": 0.01}
        )


def test_container_that_does_not_start_fails_the_endpoint_with_the_cause(cloud: Any) -> None:
    cloud.create_endpoint("broken", "cannot load")

    sentence = (
        "The primary container for production variant broken did not pass the ping health check."
    )
    assert f"Failed: {sentence} (ValueError: model.onnx is missing)" == failure_of(cloud, "broken")


def test_missing_model_data_fails_the_endpoint(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.artifacts.objects.clear()
    cloud.create_config("trucks", truck=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")

    start = (
        'Failed: Failed to download model data for container "container_1" from URL: '
        '"s3://models/truck/model.tar.gz"'
    )
    assert failure_of(cloud, "trucks").startswith(start)


def test_model_data_that_is_not_an_archive_fails_the_endpoint(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    cloud.artifacts.objects["s3://models/truck/model.tar.gz"] = b"not an archive"
    cloud.create_config("trucks", truck=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.settle("trucks")

    start = 'Failed: Failed to extract model data archive for container "container_1" from URL'
    assert failure_of(cloud, "trucks").startswith(start)


def test_endpoint_with_one_bad_variant_is_failed_as_a_whole(cloud: Any) -> None:
    cloud.create_model("good", "good")
    cloud.create_model("bad", "cannot load")
    cloud.create_config("both", good=1.0, bad=1.0)
    cloud.control.create_endpoint(EndpointName="both", EndpointConfigName="both")

    assert "Failed" == cloud.settle("both")


def test_update_replaces_the_model(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "old")

    update(cloud, "trucks", "new-model", "new")
    cloud.settle("trucks")

    assert "new" == model_behind(cloud, "trucks")


def test_failed_update_returns_to_the_old_configuration(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "old")

    update(cloud, "trucks", "new-model", "cannot load")
    status = cloud.settle("trucks")

    described = cloud.control.describe_endpoint(EndpointName="trucks")
    assert "InService" == status
    assert "trucks" == described["EndpointConfigName"]
    assert "old" == model_behind(cloud, "trucks")


def test_failed_update_leaves_its_reason_on_the_endpoint_in_service(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "old")

    update(cloud, "trucks", "new-model", "cannot load")
    cloud.settle("trucks")

    sentence = (
        "The primary container for production variant new-model did not pass the ping health check."
    )
    assert f"InService: {sentence} (ValueError: model.onnx is missing)" == failure_of(
        cloud, "trucks"
    )


def test_update_after_a_failed_update_removes_the_reason(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "old")
    update(cloud, "trucks", "bad-model", "cannot load")
    cloud.settle("trucks")

    update(cloud, "trucks", "good-model", "new")
    cloud.settle("trucks")

    assert "FailureReason" not in cloud.control.describe_endpoint(EndpointName="trucks")


def test_update_of_an_endpoint_whose_configuration_was_deleted_is_refused(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    cloud.control.delete_endpoint_config(EndpointConfigName="trucks")

    with pytest.raises(
        ClientError, match=r"Could not find endpoint configuration .*endpoint-config/trucks"
    ):
        update(cloud, "trucks", "new-model", "new")


def test_update_of_a_failed_endpoint_is_refused(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "cannot load")

    with pytest.raises(ClientError, match="Cannot update failed endpoint"):
        update(cloud, "trucks", "new-model", "new")


def test_request_under_way_during_an_update_is_answered_by_the_old_model(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "patient")
    (old,) = cloud.containers
    answers: list[str] = []
    client = threading.Thread(target=lambda: answers.append(model_behind(cloud, "trucks")))
    client.start()
    old.asked.wait()

    update(cloud, "trucks", "new-model", "new")
    cloud.settle("trucks")
    cloud.server.loop.call_soon_threadsafe(old.may_answer.set)
    client.join()

    assert ["patient"] == answers


def test_deleted_endpoint_is_gone(cloud: Any) -> None:
    cloud.create_endpoint("trucks")

    cloud.control.delete_endpoint(EndpointName="trucks")

    with pytest.raises(ClientError, match="Endpoint trucks of account 000000000000 not found"):
        model_behind(cloud, "trucks")


def test_endpoint_under_update_cannot_be_deleted(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    may_read = threading.Event()
    cloud.artifacts.read = lambda _: may_read.wait()

    update(cloud, "trucks", "new-model", "new")

    with pytest.raises(ClientError, match="Cannot update in-progress endpoint"):
        cloud.control.delete_endpoint(EndpointName="trucks")
    may_read.set()


def test_endpoint_serves_after_a_restart_without_its_model_in_s3(cloud: Any) -> None:
    cloud.create_endpoint("trucks", "truck")
    cloud.artifacts.objects.clear()

    cloud.restart()

    assert "truck" == model_behind(cloud, "trucks")


def test_creation_of_an_endpoint_continues_after_a_restart(cloud: Any) -> None:
    may_read = threading.Event()
    read = cloud.artifacts.read
    cloud.artifacts.read = lambda _: may_read.wait()
    cloud.create_model("truck", "truck")
    cloud.create_config("trucks", truck=1.0)
    cloud.control.create_endpoint(EndpointName="trucks", EndpointConfigName="trucks")
    cloud.stop()
    may_read.set()
    cloud.artifacts.read = read

    cloud.start()

    assert "InService" == cloud.settle("trucks")


def test_endpoint_whose_model_was_removed_from_the_state_is_failed_after_a_restart(
    cloud: Any,
) -> None:
    cloud.create_endpoint("trucks")
    cloud.artifacts.objects.clear()
    cloud.stop()
    for model in (cloud.state_dir / "us-east-1" / "deployment").glob("*/trucks"):
        model.rename(model.with_name("elsewhere"))

    cloud.start()

    with pytest.raises(ClientError, match="Endpoint trucks of account 000000000000 not found"):
        model_behind(cloud, "trucks")
    assert failure_of(cloud, "trucks").startswith("Failed: Failed to download model data")


def test_models_of_deleted_endpoints_leave_nothing_on_disk(cloud: Any) -> None:
    cloud.create_endpoint("trucks")
    cloud.control.delete_endpoint(EndpointName="trucks")

    cloud.restart()

    assert [] == list((cloud.state_dir / "us-east-1" / "deployment").iterdir())


def test_start_names_a_damaged_state_file(cloud: Any) -> None:
    cloud.create_model("truck", "truck")
    damaged = cloud.state_dir / "us-east-1" / "model" / "truck.json"
    damaged.write_text('{"ModelName": ')

    with pytest.raises(UnreadableStateError, match=r"truck\.json is damaged"):
        cloud.start()
