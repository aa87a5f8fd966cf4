"""Run `deploy`, and check the endpoint, the model card and the remaining resources."""

import io
import json
from collections.abc import Callable
from typing import Any

import pytest

from cli.aws import QuotaExceededError
from tests.unit.training.fake_clients import with_fakes
from tests.unit.training.fake_hosting import NEWER, ROLE, alarms, interrupt, scaled
from tests.unit.training.fake_training_stack import FakeTrainingStack
from training.dataset.dataset import Dataset
from training.endpoint.answers import Classifier, calibration_answers
from training.endpoint.configurations import delete_configs_but
from training.endpoint.conversion import refuse_to_make_serverless
from training.endpoint.errors import (
    AlarmActiveError,
    EndpointFailedError,
    EndpointStuckError,
    EndpointTakenError,
    RolledBackError,
    ServerlessConversionError,
    SmokeTestError,
)
from training.endpoint.hosting import HostingOptionsError
from training.jobs.plan import RoleMissingError
from training.models.model_card import (
    BadModelArchiveError,
    ModelChangedError,
    ModelMissingError,
    OtherAlgorithmError,
    OtherClassesError,
    read_model_card,
    write_model_card,
)
from training.models.served_model import ServedModel
from training.project.run_file import StepNotDoneError
from training.steps.context import Context

type Deploy = Callable[..., dict[str, Any]]
type ModelUrl = Callable[[str], str]


def left(context: Context) -> tuple[str | None, int, int]:
    """The configuration in service, how many configurations there are, how many models."""
    sagemaker = context.aws.sagemaker
    endpoints = sagemaker.list_endpoints()["Endpoints"]
    name = context.names.endpoint
    serving = (
        sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"] if endpoints else None
    )
    configs, models = (
        sagemaker.list_endpoint_configs()["EndpointConfigs"],
        sagemaker.list_models()["Models"],
    )
    return serving, len(configs), len(models)


def test_a_run_without_a_model_is_sent_to_train(trained: Context, deploy: Deploy) -> None:
    trained.run.forget("train")
    with pytest.raises(StepNotDoneError, match="scones train"):
        deploy()


def test_new_endpoint_serves_passes_its_smoke_test_and_has_a_card(
    trained: Context, deploy: Deploy
) -> None:
    result = deploy()
    assert (result["endpoint_config"], 1, 1) == left(trained)
    assert {
        "images": 2,
        "right": 2,
        "calibration_images": 2,
        "calibration_accuracy": 1.0,
    } == result["smoke_test"]
    card = result["model_card"]
    assert card == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert ["automobile", "truck"] == card["labels"]
    assert "EfficientNet-Lite0" == card["backbone"]
    assert "job-1" == card["training_job"]
    assert card["recommended_threshold"] is None


def test_the_answers_that_calibrated_are_there_for_the_threshold(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    deploy()
    hosting.before_answer = pytest.fail
    dataset = Dataset.of(trained.run)
    served = ServedModel.of(trained.aws, trained.names, dataset)
    classifier = Classifier(trained.aws, served.endpoint, dataset, trained.console, workers=1)
    answers = calibration_answers(classifier, trained.run.folder, served.subject)
    assert [(0.8, 0.2), (0.2, 0.8)] == [answer.probabilities for answer in answers]


def test_command_for_the_service_and_price_are_shown(deploy: Deploy, shown: io.StringIO) -> None:
    result = deploy("--instances", "2")
    assert (
        "sam deploy --parameter-overrides EndpointName=scones-unlimited Environment=dev"
        == result["deploy_command"]
    )
    assert pytest.approx(0.23) == result["dollars_per_hour"]
    assert "$0.230 per hour for 2 ml.m5.large" in shown.getvalue()


def test_everything_that_is_made_carries_the_tags(trained: Context, deploy: Deploy) -> None:
    name = deploy()["model"]
    sagemaker, wanted = trained.aws.sagemaker, trained.names.tag_list
    arns = (
        sagemaker.describe_model(ModelName=name)["ModelArn"],
        sagemaker.describe_endpoint_config(EndpointConfigName=name)["EndpointConfigArn"],
        sagemaker.describe_endpoint(EndpointName=trained.names.endpoint)["EndpointArn"],
    )
    assert [wanted] * 3 == [sagemaker.list_tags(ResourceArn=arn)["Tags"] for arn in arns]
    tags = trained.aws.ssm.list_tags_for_resource(
        ResourceType="Parameter", ResourceId=trained.names.model_card
    )
    assert wanted == tags["TagList"]


def test_repeated_deployment_creates_nothing(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    first = deploy()
    hosting.changes.clear()
    assert first["endpoint_config"] == deploy()["endpoint_config"]
    assert {"PutParameter", "AddTagsToResource"} == set(hosting.changes)


CHOSEN = {
    "temperature": 1.5,
    "calibration": {"images": 2},
    "recommended_threshold": 0.9,
    "class_thresholds": {"truck": 0.95},
    "precision_guarantee": {"precision": 0.97},
}


@pytest.mark.parametrize("arguments", [(), ("--instance-type", "ml.c5.large")])
def test_same_model_retains_its_threshold(
    trained: Context, deploy: Deploy, shown: io.StringIO, arguments: tuple[str, ...]
) -> None:
    write_model_card(trained.aws.ssm, trained.names, deploy()["model_card"] | CHOSEN)
    card = deploy(*arguments)["model_card"]
    assert CHOSEN == {member: card[member] for member in CHOSEN}
    assert "The threshold 0.9 stays: it was chosen for the same model" in shown.getvalue()


def test_better_variant_of_a_test_retains_its_threshold(trained: Context, deploy: Deploy) -> None:
    card = deploy()["model_card"]
    write_model_card(
        trained.aws.ssm,
        trained.names,
        card | {"model_digest": "sha256:other", "variants": {"b": card | CHOSEN}},
    )
    assert 0.9 == deploy()["model_card"]["recommended_threshold"]


@pytest.mark.parametrize(
    "other", [{"model_digest": "sha256:other"}, {"data_digest": "sha256:other"}]
)
def test_another_model_has_no_threshold_yet(
    trained: Context, deploy: Deploy, other: dict[str, str]
) -> None:
    card = deploy()["model_card"]
    write_model_card(trained.aws.ssm, trained.names, card | CHOSEN | other)
    again = deploy()["model_card"]
    assert card["temperature"] == again["temperature"]
    assert again["recommended_threshold"] is None


def test_update_retains_one_earlier_configuration(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    deploy()
    second = deploy("--model-data", model_url("better"))["endpoint_config"]
    third = deploy("--model-data", model_url("best"))
    assert second == third["replaced"]
    assert third["endpoint_config"] == left(trained)[0]
    assert (2, 2) == left(trained)[1:]


@pytest.mark.parametrize("dry_run", [[], ["--dry-run"]])
def test_endpoint_on_instances_is_not_made_serverless(
    trained: Context, deploy: Deploy, hosting: Any, dry_run: list[str]
) -> None:
    deploy()
    before = left(trained)
    hosting.changes.clear()
    with pytest.raises(
        ServerlessConversionError,
        match=r"scones-unlimited runs on instances.* another --environment",
    ):
        deploy("--mode", "serverless", *dry_run)
    assert [] == hosting.changes
    assert before == left(trained)


def test_failed_endpoint_on_instances_may_become_serverless(
    deploy: Deploy, model_url: ModelUrl
) -> None:
    with pytest.raises(EndpointFailedError):
        deploy("--model-data", model_url("broken"))
    assert "serverless" == deploy("--mode", "serverless")["mode"]


def test_serverless_endpoint_may_move_to_instances(
    deploy: Deploy, model_url: ModelUrl, shown: io.StringIO
) -> None:
    first = deploy("--mode", "serverless")
    second = deploy("--model-data", model_url("better"))
    assert [True, False] == [one["model_card"]["serverless"] for one in (first, second)]
    assert first["endpoint_config"] == second["replaced"]
    assert "leaves serverless permanently" in shown.getvalue()


def test_watched_move_from_serverless_to_instances_is_refused(deploy: Deploy, hosting: Any) -> None:
    deploy("--mode", "serverless")
    hosting.changes.clear()
    with pytest.raises(
        HostingOptionsError, match=r"--strategy all-at-once: scones-unlimited is serverless"
    ):
        deploy("--strategy", "all-at-once")
    assert [] == hosting.changes


def test_serverless_endpoint_is_created_again_if_instances_fail_the_smoke_test(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    first = deploy("--mode", "serverless")
    hosting.changes.clear()
    with pytest.raises(SmokeTestError):
        deploy("--model-data", model_url("swapped"))
    assert (first["endpoint_config"], 1, 1) == left(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert ["UpdateEndpoint", "DeleteEndpoint", "CreateEndpoint"] == [
        change for change in hosting.changes if change.endswith("Endpoint")
    ]


def test_endpoint_whose_configuration_was_deleted_is_left_to_sagemaker_to_judge(
    trained: Context, deploy: Deploy
) -> None:
    config = deploy()["endpoint_config"]
    trained.aws.sagemaker.delete_endpoint_config(EndpointConfigName=config)
    assert trained.endpoint.is_serverless(config) is None
    refuse_to_make_serverless(trained.names.endpoint, None)


def test_a_model_of_other_classes_is_refused_before_anything_is_made(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    deploy()
    hosting.changes.clear()
    card = {**trained.run.result("deploy")["model_card"], "labels": ["bicycle", "motorcycle"]}
    write_model_card(trained.aws.ssm, trained.names, card)
    hosting.changes.clear()
    with pytest.raises(
        OtherClassesError,
        match=r"serves the classes bicycle, motorcycle, and .* automobile, truck.*--project",
    ):
        deploy()
    assert [] == hosting.changes


def test_watched_update_creates_its_alarms_and_deletes_them_after_the_smoke_test(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy("--instances", "2")
    hosting.changes.clear()
    canary = ("--strategy", "canary", "--monitoring-period", "2m", "--instances", "2")
    config = deploy("--model-data", model_url("better"), *canary)["endpoint_config"]
    assert [
        {"AlarmName": f"{config}-errors"},
        {"AlarmName": f"{config}-latency"},
    ] == hosting.watched
    assert [] == alarms(trained)


def test_update_that_was_rolled_back_after_an_interruption_is_not_repeated(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    first = deploy("--autoscale", "1:3")["endpoint_config"]
    update = ("--model-data", model_url("broken"), "--strategy", "all-at-once")
    interrupt(
        trained, hosting, 6, lambda: deploy(*update)
    )  # scaling is off, two alarms watch, the update is sent
    with pytest.raises(RolledBackError, match=rf"ping health check.* still serves {first}"):
        deploy(*update)
    assert "UpdateEndpoint" not in hosting.changes[6:]
    assert (first, 1, 1) == left(trained)
    assert [(1, 3)] == scaled(trained)
    assert [] == alarms(trained)


@pytest.mark.parametrize("changes", [4, 5])
def test_an_interrupted_update_leaves_no_alarm_when_another_model_is_deployed(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl, changes: int
) -> None:
    deploy()
    update = ("--model-data", model_url("better"), "--strategy", "all-at-once")
    interrupt(
        trained, hosting, changes, lambda: deploy(*update)
    )  # its alarms are there, it is in service
    deploy("--model-data", model_url("best"))
    assert [] == alarms(trained)


def test_alarm_of_another_owner_is_not_deleted(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    name = f"{deploy()['endpoint_config']}-errors"
    trained.aws.cloudwatch.put_metric_alarm(
        AlarmName=name,
        Namespace="theirs",
        MetricName="theirs",
        Statistic="Sum",
        Period=60,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    deploy("--model-data", model_url("better"))
    assert [name] == alarms(trained)


def test_models_of_a_comparison_endpoint_are_retained(trained: Context, deploy: Deploy) -> None:
    sagemaker: Any = trained.aws.sagemaker
    name, tags = "scones-unlimited-v2-1", trained.names.tag_list
    variant = {
        "VariantName": "v2",
        "ModelName": name,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    container = {"Image": "image", "ModelDataUrl": "s3://photos/models/best/model.tar.gz"}
    sagemaker.create_model(
        ModelName=name,
        PrimaryContainer=container,
        ExecutionRoleArn="arn:aws:iam::1:role/r",
        Tags=tags,
    )
    sagemaker.create_endpoint_config(
        EndpointConfigName=name, ProductionVariants=[variant], Tags=tags
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=tags)
    deploy()
    assert (2, 2) == left(trained)[1:]


def test_configuration_of_a_pending_update_is_retained(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    hosting.pending = deploy()["endpoint_config"]
    delete_configs_but(trained.aws, trained.endpoint, set())
    assert (1, 1) == left(trained)[1:]


def test_rollback_of_a_failed_model_retains_the_number_of_instances(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy("--autoscale", "1:4")
    hosting.scale_out(3)
    with pytest.raises(SmokeTestError):
        deploy("--autoscale", "1:4", "--model-data", model_url("swapped"))
    [variant] = trained.aws.sagemaker.describe_endpoint(EndpointName=trained.names.endpoint)[
        "ProductionVariants"
    ]
    assert 3 == variant["CurrentInstanceCount"]


def test_watched_update_that_is_rolled_back_leaves_no_alarm(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    deploy()
    with pytest.raises(RolledBackError):
        deploy("--model-data", model_url("broken"), "--strategy", "all-at-once")
    assert [] == alarms(trained)


def test_alarm_of_the_service_watches_too_unless_it_is_in_alarm(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy()
    serving = trained.run.result("deploy")["endpoint_config"]
    failures = "scones-unlimited-failed-executions"
    trained.aws.cloudwatch.put_metric_alarm(
        AlarmName=failures,
        Namespace="AWS/States",
        MetricName="ExecutionsFailed",
        Statistic="Sum",
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
    )
    trained.aws.cloudwatch.set_alarm_state(
        AlarmName=failures, StateValue="ALARM", StateReason="a test"
    )
    update = ("--model-data", model_url("better"), "--strategy", "all-at-once")
    with pytest.raises(AlarmActiveError, match="Find the cause first"):
        deploy(*update)
    assert serving == left(trained)[0]
    trained.aws.cloudwatch.set_alarm_state(
        AlarmName=failures, StateValue="OK", StateReason="a test"
    )
    deploy(*update)
    assert {"AlarmName": failures} == hosting.watched[-1]


def test_archive_of_the_other_algorithm_is_refused(
    deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    with pytest.raises(OtherAlgorithmError, match="of --algorithm transfer-learning"):
        deploy("--model-data", model_url("script"))
    assert [] == hosting.changes


@pytest.mark.parametrize(("mode", "isolated"), [("realtime", True), ("serverless", None)])
def test_model_on_instances_has_no_network_and_a_serverless_one_cannot_be_isolated(
    deploy: Deploy, mode: str, isolated: bool | None
) -> None:
    requests = deploy("--mode", mode, "--dry-run")["requests"]
    assert isolated == requests["CreateModel"].get("EnableNetworkIsolation")


@pytest.mark.parametrize("model", ["swapped", "three"])
def test_model_that_fails_the_smoke_test_is_rolled_back(
    trained: Context, deploy: Deploy, model_url: ModelUrl, model: str
) -> None:
    first = deploy("--autoscale", "1:3")
    with pytest.raises(SmokeTestError):
        deploy("--model-data", model_url(model))
    assert (first["endpoint_config"], 1, 1) == left(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)
    assert [(1, 3)] == scaled(trained)


def test_a_model_that_changed_since_it_was_trained_is_never_served(
    trained: Context, deploy: Deploy, swap_model: Callable[[], None]
) -> None:
    swap_model()
    with pytest.raises(ModelChangedError, match=r"Its digest was sha256:\w{64} and is sha256:"):
        deploy()
    assert (None, 0, 0) == left(trained)


def test_model_that_changed_during_loading_is_rolled_back(
    trained: Context, deploy: Deploy, hosting: Any, swap_model: Callable[[], None]
) -> None:
    hosting.before_answer = swap_model
    with pytest.raises(ModelChangedError):
        deploy()
    assert (None, 0, 0) == left(trained)
    assert read_model_card(trained.aws.ssm, trained.names.model_card) is None


def test_model_that_was_damaged_during_loading_is_rolled_back(
    trained: Context, deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    first = deploy()["endpoint_config"]
    hosting.before_answer = lambda: trained.aws.s3.put_object(
        Bucket="photos", Key="models/better/model.tar.gz", Body=b"no archive"
    )
    with pytest.raises(BadModelArchiveError):
        deploy("--model-data", model_url("better"))
    assert (first, 1, 1) == left(trained)


def test_a_new_endpoint_that_answers_wrong_is_deleted(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    with pytest.raises(SmokeTestError, match=r"predicts 0 of 2 training images right"):
        deploy("--model-data", model_url("swapped"))
    assert (None, 0, 0) == left(trained)
    assert read_model_card(trained.aws.ssm, trained.names.model_card) is None


def test_an_endpoint_in_use_that_fails_the_test_again_is_left_in_service(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    serving = deploy()["endpoint_config"]
    hosting.backend._models[serving].primary_container["ModelDataUrl"] = (
        "s3://photos/models/swapped/model.tar.gz"
    )
    with pytest.raises(SmokeTestError):
        deploy()
    assert (serving, 1, 1) == left(trained)


def test_update_that_sagemaker_rolled_back_is_an_error_with_its_reason(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    first = deploy("--autoscale", "1:3")["endpoint_config"]
    with pytest.raises(RolledBackError, match=rf"ping health check.* still serves {first}"):
        deploy("--model-data", model_url("broken"))
    assert (first, 1, 1) == left(trained)
    assert [(1, 3)] == scaled(trained)


def test_failed_endpoint_is_created_again(
    trained: Context, deploy: Deploy, model_url: ModelUrl
) -> None:
    with pytest.raises(EndpointFailedError, match=r"is Failed: The ping health check failed"):
        deploy("--model-data", model_url("broken"))
    assert (deploy()["endpoint_config"], 1, 1) == left(trained)


def test_unusable_endpoint_is_an_error(deploy: Deploy, hosting: Any) -> None:
    deploy()
    hosting.backend.endpoints["scones-unlimited"].endpoint_status = "UpdateRollbackFailed"
    with pytest.raises(EndpointFailedError, match=r"is UpdateRollbackFailed.*cleanup --yes"):
        deploy()


def test_endpoint_that_does_not_settle_is_an_error_with_its_log(
    trained: Context, deploy: Deploy, hosting: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    deploy()
    hosting.backend.endpoints["scones-unlimited"].endpoint_status = "Updating"
    monkeypatch.setattr("cli.polling.sleep", lambda _seconds: None)
    with pytest.raises(
        EndpointStuckError, match=r"has been Updating for more than 0 s.*/aws/sagemaker/Endpoints/"
    ):
        trained.endpoint.settled(0.05)


def test_endpoint_of_another_owner_is_refused_and_not_changed(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    endpoint_without_our_tags(trained)
    hosting.changes.clear()
    with pytest.raises(EndpointTakenError, match="--take-over"):
        deploy()
    assert [] == hosting.changes


def test_take_over_moves_and_tags_the_endpoint_and_retains_its_configuration(
    trained: Context, deploy: Deploy
) -> None:
    endpoint_without_our_tags(trained)
    assert (deploy("--take-over")["endpoint_config"], 2, 2) == left(trained)
    tags = trained.aws.sagemaker.list_tags(
        ResourceArn=trained.aws.sagemaker.describe_endpoint(EndpointName="scones-unlimited")[
            "EndpointArn"
        ]
    )
    assert trained.names.tag_list == tags["Tags"]


def test_missing_model_is_an_error_before_any_change(
    deploy: Deploy, model_url: ModelUrl, hosting: Any
) -> None:
    with pytest.raises(
        ModelMissingError, match=r"s3://photos/models/lost/model\.tar\.gz does not exist"
    ):
        deploy("--model-data", model_url("lost"))
    assert [] == hosting.changes


def test_missing_role_is_an_error_before_any_change(deploy: Deploy, hosting: Any) -> None:
    with pytest.raises(RoleMissingError):
        deploy("--role", "arn:aws:iam::123456789012:role/gone")
    assert [] == hosting.changes


@pytest.mark.parametrize("captured", [False, True])
def test_role_is_allowed_the_key_before_anything_is_made(
    trained: Context, deploy: Deploy, hosting: Any, captured: bool
) -> None:
    key = trained.aws.kms.create_key()["KeyMetadata"]
    stack = FakeTrainingStack(ROLE, lambda: list(hosting.changes))
    context = with_fakes(trained, cloudformation=stack)
    deploy("--kms-key", key["KeyId"], *(("--capture", "0.1") if captured else ()), context=context)
    assert [
        {"DataKeyArns": key["Arn"] if captured else "", "VolumeKeyArns": key["Arn"]}
    ] == stack.updates
    assert [[]] == stack.progress
    name = trained.names.endpoint
    serving = trained.aws.sagemaker.describe_endpoint(EndpointName=name)["EndpointConfigName"]
    config = trained.aws.sagemaker.describe_endpoint_config(EndpointConfigName=serving)
    assert key["Arn"] == config["KmsKeyId"]


def test_quota_message_of_an_update_says_what_an_update_needs(
    deploy: Deploy, hosting: Any, model_url: ModelUrl
) -> None:
    deploy()
    hosting.refused = "UpdateEndpoint"
    with pytest.raises(
        QuotaExceededError, match=r"An update needs twice the instances.*--strategy rolling"
    ):
        deploy("--model-data", model_url("better"))


def test_exceeded_quota_is_named(deploy: Deploy, hosting: Any) -> None:
    hosting.refused = "CreateEndpoint"
    with pytest.raises(
        QuotaExceededError, match=r"The quota is `ml\.m5\.large for endpoint usage`"
    ):
        deploy()


def test_scaling_pauses_while_an_update_changes_the_instance_type(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    deploy("--autoscale", "1:3")
    hosting.changes.clear()
    deploy("--autoscale", "1:3", "--instance-type", "ml.c5.large")
    order = [
        change for change in hosting.changes if "Scal" in change or change == "CreateEndpointConfig"
    ]
    assert [
        "CreateEndpointConfig",
        "DeregisterScalableTarget",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    ] == order


def test_other_bounds_of_scaling_need_no_update(trained: Context, deploy: Deploy) -> None:
    first = deploy("--autoscale", "1:3")["endpoint_config"]
    assert first == deploy("--autoscale", "1:5")["endpoint_config"]
    assert [(1, 5)] == scaled(trained)


def test_deploy_without_autoscale_ends_scaling(trained: Context, deploy: Deploy) -> None:
    deploy("--autoscale", "1:3")
    deploy()
    assert [] == scaled(trained)


def test_an_update_begins_with_as_many_instances_as_run(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    deploy("--autoscale", "1:3")
    hosting.scale_out(3)
    name = deploy("--autoscale", "1:3", "--instance-type", "ml.c5.large")["endpoint_config"]
    [variant] = trained.aws.sagemaker.describe_endpoint_config(EndpointConfigName=name)[
        "ProductionVariants"
    ]
    assert 3 == variant["InitialInstanceCount"]


def test_dry_run_shows_the_requests_and_creates_nothing(
    trained: Context, deploy: Deploy, hosting: Any
) -> None:
    shown_requests = deploy("--dry-run", "--autoscale", "1:3")
    assert {
        "CreateModel",
        "CreateEndpointConfig",
        "CreateEndpoint",
        "RegisterScalableTarget",
        "PutScalingPolicy",
    } == shown_requests["requests"].keys()
    assert [] == hosting.changes
    assert trained.run.find("deploy") is None


def test_the_card_in_the_parameter_is_json_that_the_service_reads(
    trained: Context, deploy: Deploy
) -> None:
    deploy()
    value = trained.aws.ssm.get_parameter(Name="/scones-unlimited/endpoints/scones-unlimited")[
        "Parameter"
    ]["Value"]
    assert 0 < json.loads(value)["temperature"] < 20


@pytest.mark.usefixtures("trained_by_us")
def test_card_of_our_model_names_its_embedding_space(deploy: Deploy) -> None:
    card = deploy()["model_card"]
    assert card["model_digest"].removeprefix("sha256:")[:12] == card["embedding_space"]


def test_card_of_the_built_in_algorithm_asks_for_no_verbose_answer(deploy: Deploy) -> None:
    assert "embedding_space" not in deploy()["model_card"]


def test_card_names_both_models_while_the_endpoint_moves(
    trained_by_us: Context, deploy: Deploy, hosting: Any
) -> None:
    first = deploy()["model_card"]
    meanwhile = []

    def read() -> None:
        meanwhile.append(read_model_card(trained_by_us.aws.ssm, trained_by_us.names.model_card))

    hosting.before_answer = read
    second = deploy("--model-data", NEWER)["model_card"]
    assert meanwhile[0]
    assert first == {name: meanwhile[0][name] for name in first}
    assert second["model_digest"] == meanwhile[0]["next"]["model_digest"]
    assert "next" not in second


# Of the 11 changes, these are: the model exists, scaling is off, the endpoint moves, the card is
# written, scaling is on again, the model before the replaced model is deleted.
@pytest.mark.parametrize("changes", [1, 3, 4, 6, 9, 10])
def test_same_command_resumes_an_interrupted_update(
    trained: Context,
    deploy: Deploy,
    model_url: ModelUrl,
    hosting: Any,
    changes: int,
) -> None:
    deploy("--autoscale", "1:2")
    deploy("--autoscale", "1:2", "--model-data", model_url("better"))
    wanted = ("--autoscale", "1:3", "--model-data", model_url("best"))
    interrupt(trained, hosting, changes, lambda: deploy(*wanted))
    assert (deploy(*wanted)["endpoint_config"], 2, 2) == left(trained)
    assert [(1, 3)] == scaled(trained)
    assert trained.run.result("deploy")["model_card"] == read_model_card(
        trained.aws.ssm, trained.names.model_card
    )


def endpoint_without_our_tags(context: Context) -> None:
    sagemaker = context.aws.sagemaker
    container = {"Image": "other", "ModelDataUrl": "s3://other/good"}
    sagemaker.create_model(
        ModelName="other",
        PrimaryContainer=container,  # type: ignore[arg-type]
        ExecutionRoleArn="arn:aws:iam::1:role/other",
    )
    variant = {"VariantName": "AllTraffic", "ModelName": "other", "InstanceType": "ml.m5.large"}
    sagemaker.create_endpoint_config(
        EndpointConfigName="other",
        ProductionVariants=[variant | {"InitialInstanceCount": 1}],  # type: ignore[list-item]
    )
    sagemaker.create_endpoint(EndpointName=context.names.endpoint, EndpointConfigName="other")
