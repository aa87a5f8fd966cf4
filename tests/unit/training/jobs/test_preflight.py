"""Find faults before a resource is created."""

import io
import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from tests.unit.training.fake_hosting import archive
from training.dataset.dataset import TooFewClassesError, TooFewImagesError
from training.jobs import preflight
from training.jobs.plan import EarlierModelError, Plan, RoleMissingError
from training.models.model_card import OtherAlgorithmError
from training.steps.context import Context

MODEL = "s3://photos/models/1/model.tar.gz"
TRUSTED = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}


@pytest.fixture
def iam(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.iam) as stubber:
        yield stubber


@pytest.fixture
def s3(context: Context) -> Iterator[Stubber]:
    with Stubber(context.aws.s3) as stubber:
        yield stubber


def role(stubber: Stubber, arn: str, *statements: dict[str, Any]) -> None:
    described = {
        "Path": "/",
        "RoleName": "sagemaker",
        "RoleId": "A" * 16,
        "Arn": arn,
        "CreateDate": 0,
    }
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    stubber.add_response(
        "get_role",
        {"Role": {**described, "AssumeRolePolicyDocument": document}},
        {"RoleName": "sagemaker"},
    )


def put(context: Context, key: str, text: str) -> None:
    context.aws.s3.put_object(Bucket="photos", Key=key, Body=text.encode())


def put_model(context: Context, *, brings_code: bool = False) -> None:
    body = archive(brings_code=brings_code)
    context.aws.s3.put_object(Bucket="photos", Key="models/1/model.tar.gz", Body=body)


def counted(plan: Plan, train: dict[str, int], validation: dict[str, int]) -> Plan:
    labels = tuple(train)
    return replace(
        plan,
        dataset=replace(
            plan.dataset, labels=labels, counts={"train": train, "validation": validation}
        ),
    )


@pytest.mark.usefixtures("plan_in_s3", "enough_quota")
def test_a_plan_that_is_right_passes_all_checks(context: Context, plan: Plan, iam: Stubber) -> None:
    role(iam, plan.role, TRUSTED)
    preflight.preflight(context.aws, plan, context.console)
    iam.assert_no_pending_responses()


def test_one_class_is_too_few(plan: Plan) -> None:
    with pytest.raises(TooFewClassesError, match="only the class truck"):
        preflight.check_counts(counted(plan, {"truck": 40}, {"truck": 40}).dataset, 32)


@pytest.mark.parametrize(
    ("train", "validation", "message"),
    [
        ({"car": 40, "truck": 0}, {"car": 40, "truck": 9}, "truck has no train images"),
        ({"car": 40, "truck": 9}, {"car": 40}, "truck has no validation images"),
    ],
)
def test_an_empty_class_is_named_with_its_split(
    plan: Plan, train: dict[str, int], validation: dict[str, int], message: str
) -> None:
    with pytest.raises(preflight.EmptyClassError, match=message):
        preflight.check_counts(counted(plan, train, validation).dataset, 32)


@pytest.mark.parametrize("split", ["train", "validation"])
def test_fewer_images_than_a_batch_are_an_error_with_both_numbers(plan: Plan, split: str) -> None:
    counts = {
        "train": {"car": 16, "truck": 16},
        "validation": {"car": 16, "truck": 16},
        split: {"car": 16, "truck": 15},
    }
    with pytest.raises(TooFewImagesError, match=f"31 {split} images, and mini_batch_size is 32"):
        preflight.check_counts(counted(plan, counts["train"], counts["validation"]).dataset, 32)


def test_entries_of_repeated_images_fill_a_batch(plan: Plan) -> None:
    dataset = counted(plan, {"car": 30, "truck": 1}, {"car": 16, "truck": 16}).dataset
    with pytest.raises(TooFewImagesError):
        preflight.check_counts(dataset, 32)
    preflight.check_counts(replace(dataset, training_entries=60), 32)


def test_as_many_images_as_a_batch_are_enough(plan: Plan) -> None:
    preflight.check_counts(counted(plan, {"a": 16, "b": 16}, {"a": 16, "b": 16}).dataset, 32)


@pytest.mark.parametrize(
    "instance_type", ["ml.p2.xlarge", "ml.p3.16xlarge", "ml.g4dn.xlarge", "ml.g5.48xlarge"]
)
def test_supported_gpu_instance_is_accepted(plan: Plan, instance_type: str) -> None:
    preflight.check_machine(replace(plan, instance_type=instance_type))


@pytest.mark.parametrize(
    "instance_type", ["ml.m5.large", "ml.p4d.24xlarge", "g4dn.xlarge", "ml.g4dn", "ml.g4dnx.large"]
)
def test_any_other_machine_is_refused_with_those_that_do(plan: Plan, instance_type: str) -> None:
    with pytest.raises(preflight.InstanceTypeError, match=r"p2, p3, g4dn or g5"):
        preflight.check_machine(replace(plan, instance_type=instance_type))


def test_a_key_for_a_volume_that_is_not_there_is_refused(plan: Plan) -> None:
    preflight.check_machine(
        replace(plan, instance_type="ml.p3.2xlarge", volume_kms_key="alias/disks")
    )
    with pytest.raises(preflight.VolumeKeyError, match="--volume-kms-key"):
        preflight.check_machine(
            replace(plan, instance_type="ml.g5.xlarge", volume_kms_key="alias/disks")
        )


@pytest.mark.usefixtures("plan_in_s3")
@pytest.mark.parametrize(
    ("key", "text", "message"),
    [
        ("dataset.json", '{"digest": "sha256:2"}', "another digest"),
        ("train_lst/train.lst", "0\t0\ta/0.png\n", "lists 1 images"),
    ],
)
def test_a_dataset_that_has_changed_is_to_be_staged_again(
    context: Context, plan: Plan, key: str, text: str, message: str
) -> None:
    put(context, f"datasets/cars/{key}", text)
    with pytest.raises(preflight.DatasetNotAsStagedError, match=f"{message}.*scones stage"):
        preflight.check_dataset(context.aws.s3, plan.dataset)


@pytest.mark.usefixtures("plan_in_s3")
@pytest.mark.parametrize("key", ["dataset.json", "train_lst/train.lst"])
def test_a_dataset_that_is_not_complete_is_to_be_staged_again(
    context: Context, plan: Plan, key: str
) -> None:
    context.aws.s3.delete_object(Bucket="photos", Key=f"datasets/cars/{key}")
    with pytest.raises(preflight.DatasetNotAsStagedError, match="incomplete"):
        preflight.check_dataset(context.aws.s3, plan.dataset)


def test_missing_role_is_an_error(context: Context, plan: Plan, iam: Stubber) -> None:
    iam.add_client_error("get_role", "NoSuchEntity")
    with pytest.raises(RoleMissingError, match=plan.role):
        preflight.check_role(context.aws.iam, plan.role, context.console)


def test_a_role_of_the_same_name_elsewhere_is_another_role(
    context: Context, plan: Plan, iam: Stubber
) -> None:
    role(iam, "arn:aws:iam::999999999999:role/sagemaker", TRUSTED)
    with pytest.raises(RoleMissingError, match="999999999999"):
        preflight.check_role(context.aws.iam, plan.role, context.console)


def test_role_without_read_permission_is_accepted_with_a_warning(
    context: Context, plan: Plan, iam: Stubber, shown: Any
) -> None:
    iam.add_client_error("get_role", "AccessDenied")
    preflight.check_role(context.aws.iam, plan.role, context.console)
    assert "iam:GetRole is not allowed" in shown.getvalue()


@pytest.mark.parametrize(
    "statement",
    [
        {**TRUSTED, "Effect": "Deny"},
        {**TRUSTED, "Principal": {"Service": "lambda.amazonaws.com"}},
        {**TRUSTED, "Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {**TRUSTED, "Principal": "*"},
        {**TRUSTED, "Action": "sts:TagSession"},
    ],
)
def test_a_role_that_does_not_trust_sagemaker_is_refused(
    context: Context, plan: Plan, iam: Stubber, statement: dict[str, Any]
) -> None:
    role(iam, plan.role, statement)
    with pytest.raises(preflight.RoleTrustError, match=r"sagemaker\.amazonaws\.com"):
        preflight.check_role(context.aws.iam, plan.role, context.console)


@pytest.mark.parametrize(
    "document",
    [
        {"Statement": TRUSTED},
        {"Statement": [{"Effect": "Deny"}, TRUSTED]},
        {"Statement": [{**TRUSTED, "Action": ["sts:AssumeRole", "sts:TagSession"]}]},
        {
            "Statement": [
                {
                    **TRUSTED,
                    "Principal": {"Service": ["lambda.amazonaws.com", "sagemaker.amazonaws.com"]},
                }
            ]
        },
    ],
)
def test_trust_is_found_in_every_way_to_write_it(document: dict[str, Any]) -> None:
    assert preflight.trusts_sagemaker(document)


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        (None, "s3://photos/models/1/model.tar.gz is not registered"),
        (
            {"learned": [], "unknown_ancestor": "s3://theirs/model.tar.gz"},
            "s3://theirs/model.tar.gz is not registered",
        ),
        ({"learned": [], "unknown_ancestor": None}, ""),
    ],
)
@pytest.mark.usefixtures("plan_in_s3")
def test_earlier_model_with_unknown_images_is_reported_before_training(
    context: Context, plan: Plan, shown: io.StringIO, facts: dict[str, Any] | None, message: str
) -> None:
    put_model(context)
    if facts:
        put(context, "models/1/model_quality.json", json.dumps(facts))
    preflight.check_earlier_model(context.aws.s3, plan, MODEL, context.console)
    assert message in shown.getvalue()
    assert bool(message) == bool(shown.getvalue())


@pytest.mark.usefixtures("plan_in_s3")
def test_an_earlier_model_that_is_not_there_is_named(context: Context, plan: Plan) -> None:
    put_model(context)
    preflight.check_earlier_model(context.aws.s3, plan, MODEL, context.console)
    missing = "s3://photos/models/2/model.tar.gz"
    with pytest.raises(EarlierModelError, match=r"models/2/model\.tar\.gz does not exist"):
        preflight.check_earlier_model(context.aws.s3, plan, missing, context.console)


def test_earlier_model_that_may_not_be_read_is_named(
    context: Context, plan: Plan, s3: Stubber
) -> None:
    s3.add_client_error("get_object", "AccessDenied")
    with pytest.raises(EarlierModelError, match="is not readable"):
        preflight.check_earlier_model(context.aws.s3, plan, MODEL, context.console)


@pytest.mark.usefixtures("plan_in_s3")
@pytest.mark.parametrize(
    ("algorithm", "brings_code"), [("transfer-learning", False), ("image-classification", True)]
)
def test_earlier_model_of_the_other_algorithm_is_refused(
    context: Context, plan: Plan, algorithm: str, brings_code: bool
) -> None:
    put_model(context, brings_code=brings_code)
    with pytest.raises(OtherAlgorithmError, match=f"and {algorithm} is needed"):
        preflight.check_earlier_model(
            context.aws.s3, replace(plan, algorithm=algorithm), MODEL, context.console
        )


@pytest.mark.usefixtures("plan_in_s3")
def test_earlier_model_of_other_classes_is_refused(context: Context, plan: Plan) -> None:
    put_model(context)
    facts = {"learned": [], "labels": ["truck", "automobile"]}
    put(context, "models/1/model_quality.json", json.dumps(facts))
    with pytest.raises(EarlierModelError, match="has the classes truck, automobile, and the data"):
        preflight.check_earlier_model(context.aws.s3, plan, MODEL, context.console)


def test_our_algorithm_needs_no_gpu_and_the_built_in_one_does(plan: Plan) -> None:
    cpu = replace(plan, instance_type="ml.m5.large")
    preflight.check_machine(replace(cpu, algorithm="transfer-learning"))
    with pytest.raises(
        preflight.InstanceTypeError, match="`--algorithm transfer-learning` needs no GPU"
    ):
        preflight.check_machine(cpu)


def test_dataset_of_image_files_is_refused_without_resize(context: Context, plan: Plan) -> None:
    unsized = {name: text for name, text in plan.hyperparameters.items() if name != "resize"}
    without = replace(plan, hyperparameters=unsized)
    preflight.check_resize(replace(without, dataset=replace(plan.dataset, recordio=True)))
    with pytest.raises(preflight.ResizeMissingError, match="Use --resize 256"):
        preflight.preflight(context.aws, without, context.console)
