"""Register each trained model with the facts for a later comparison."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.training.registered_models import LABELS, listed, register_again
from training.models.registry import (
    ModelRegistry,
    Package,
    PackageFilesMissingError,
    PackageMissingError,
    package_request,
)
from training.steps.context import Context

type Registered = Callable[..., Package]


def test_a_package_tells_of_labels_metrics_and_dataset(registered: Registered) -> None:
    facts = registered("first").facts
    assert LABELS == facts["labels"]
    assert {"validation:accuracy": 0.94} == facts["metrics"]
    assert "sha256:data" == facts["dataset_digest"]


def test_every_model_is_another_version_that_waits_for_its_approval(registered: Registered) -> None:
    packages = [registered(name) for name in ("first", "second")]
    assert [(1, "PendingManualApproval"), (2, "PendingManualApproval")] == [
        (one.version, one.approval) for one in packages
    ]


def test_registering_a_model_again_makes_no_second_package(
    registry: ModelRegistry, staged_context: Context, registered: Registered
) -> None:
    registered("first")
    assert 1 == register_again(staged_context).version
    assert 1 == len([*registry.summaries()])


def test_the_result_of_train_names_the_package(
    staged_context: Context, registered: Registered
) -> None:
    assert registered("first").arn == staged_context.run.result("train")["model_package"]["arn"]


def test_the_champion_is_the_newest_approved_version(
    registry: ModelRegistry, staged_context: Context, registered: Registered
) -> None:
    for name, approval in (("first", "Approved"), ("second", "Approved"), ("third", "Rejected")):
        registry.decide(registered(name), approval, "because")  # type: ignore[arg-type]
    champion = registry.find_champion()
    assert champion
    assert 2 == champion.version


def test_a_stage_without_approved_models_has_no_champion(
    registry: ModelRegistry, staged_context: Context, registered: Registered
) -> None:
    registered("first")
    assert registry.find_champion() is None


def test_training_images_of_a_model_stay_known_after_a_new_staging(
    staged_context: Context, registered: Registered
) -> None:
    package = registered("first")
    staged_context.aws.s3.put_object(
        Bucket="photos", Key="datasets/cars/train_lst/train.lst", Body=listed("new", 4).encode()
    )
    learned = package.learned(staged_context.aws.s3)
    assert {"train0000", "validation0007"} == {"train0000", "validation0007"} & learned
    assert "new0000" not in learned
    assert "test0000" not in learned


def test_model_inherits_the_training_images_of_earlier_models(
    staged_context: Context, registered: Registered
) -> None:
    registered("first")
    for key in ("datasets/cars/train_lst/train.lst", "datasets/cars/validation_lst/validation.lst"):
        staged_context.aws.s3.put_object(Bucket="photos", Key=key, Body=listed("new", 4).encode())
    registered("second", earlier_model="s3://photos/models/first/output/model.tar.gz")
    third = registered("third", earlier_model="s3://photos/models/second/output/model.tar.gz")
    expected = {"train0000", "validation0007", "new0000"}
    assert expected == expected & third.learned(staged_context.aws.s3)
    assert third.unknown_ancestor is None


def test_a_model_that_was_never_registered_is_the_unknown_ancestor_of_all_that_go_back_to_it(
    registered: Registered,
) -> None:
    unknown = "s3://photos/theirs/model.tar.gz"
    registered("first", earlier_model=unknown)
    second = registered("second", earlier_model="s3://photos/models/first/output/model.tar.gz")
    assert unknown == second.unknown_ancestor


def test_an_unknown_version_is_refused_by_name(
    registry: ModelRegistry, staged_context: Context, registered: Registered
) -> None:
    registered("first")
    with pytest.raises(PackageMissingError, match="has no version 7"):
        registry.find_package(7)


def test_a_package_whose_facts_are_gone_is_refused(
    registry: ModelRegistry, staged_context: Context, registered: Registered
) -> None:
    registered("first")
    staged_context.aws.s3.delete_object(
        Bucket="photos", Key="models/first/output/model_quality.json"
    )
    with pytest.raises(PackageFilesMissingError, match=r"model_quality\.json"):
        registry.find_package(1)


def test_the_request_is_one_that_botocore_would_send(
    registered: Registered,
    staged_context: Context,
    valid_request: Callable[[str, str, dict[str, Any]], None],
) -> None:
    registered("first")
    request = package_request(
        "cars",
        staged_context.run.result("train"),
        "Training job one",
        "s3://photos/models/facts.json",
    )
    valid_request("sagemaker", "CreateModelPackage", request)
    texts = [text for pair in request["CustomerMetadataProperties"].items() for text in pair]
    assert [] == [
        text for text in texts if set(text) & set(",;\"'[]{}()")
    ]  # what AWS's pattern refuses
