"""Challengers that are better, worse, equal, or not to be compared."""

import io
from collections.abc import Callable

import pytest

from tests.unit.training.registered_models import TEST_IMAGES, FakeComparison, archive, listed
from training.dataset.dataset import Dataset, OtherDatasetError
from training.models.model_card import ModelChangedError
from training.models.promotion_errors import (
    ChallengerRefusedError,
    NoFairImagesError,
    NotComparableError,
    UnknownAncestorError,
)
from training.models.registry import ModelRegistry, Package, PackageFilesMissingError
from training.steps.context import Context
from training.steps.promote import promote

pytestmark = pytest.mark.usefixtures("reads_test_split")

type Registered = Callable[..., Package]
SEEDS = pytest.mark.parametrize("seed", range(3))


@pytest.fixture
def champion(registry: ModelRegistry, staged_context: Context, registered: Registered) -> Package:
    """Version 1, approved."""
    package = registered("first")
    registry.decide(package, "Approved", "The first.")
    return package


@pytest.fixture
def challenger(champion: Package, registered: Registered) -> Package:
    """Version 2, which the run has trained."""
    return registered("second")


@SEEDS
def test_a_better_challenger_is_promoted(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    challenger: Package,
    seed: int,
) -> None:
    result = promote(
        staged_context, staged_dataset, challenger, FakeComparison({1: 0.85, 2: 0.95}, seed)
    )
    found = registry.find_champion()
    assert found
    assert result["promoted"] is True
    assert 2 == found.version
    assert TEST_IMAGES == result["images"]


@SEEDS
def test_a_worse_challenger_is_refused_and_the_champion_stays(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    challenger: Package,
    seed: int,
) -> None:
    with pytest.raises(
        ChallengerRefusedError, match="not shown to be better than the champion, version 1"
    ):
        promote(
            staged_context, staged_dataset, challenger, FakeComparison({1: 0.95, 2: 0.85}, seed)
        )
    found = registry.find_champion()
    assert found
    assert 1 == found.version
    assert "Rejected" == registry.find_package(2).approval


@SEEDS
def test_an_equally_good_challenger_is_refused(
    staged_context: Context, staged_dataset: Dataset, challenger: Package, seed: int
) -> None:
    with pytest.raises(ChallengerRefusedError):
        promote(
            staged_context, staged_dataset, challenger, FakeComparison({1: 0.95, 2: 0.95}, seed)
        )


def test_a_refusal_says_how_much_better_the_challenger_would_have_to_be(
    staged_context: Context, staged_dataset: Dataset, challenger: Package
) -> None:
    with pytest.raises(ChallengerRefusedError) as refused:
        promote(staged_context, staged_dataset, challenger, FakeComparison({1: 1.0, 2: 0.995}))
    needed = staged_context.run.result("promote")["only_challenger_right_needed"]
    share = 100 * needed / TEST_IMAGES
    words = (
        f"It would have to be the only one right on {needed} images, "
        f"{needed} more, which are {share:.2f} points of accuracy."
    )
    assert words in str(refused.value)


def test_the_reason_is_in_the_registry(
    staged_context: Context, staged_dataset: Dataset, challenger: Package
) -> None:
    with pytest.raises(ChallengerRefusedError) as refused:
        promote(staged_context, staged_dataset, challenger, FakeComparison({1: 0.95, 2: 0.85}))
    described = staged_context.aws.sagemaker.describe_model_package(ModelPackageName=challenger.arn)
    assert str(refused.value) == described["ApprovalDescription"]


def test_copy_of_the_champion_is_refused_without_a_comparison(
    staged_context: Context, staged_dataset: Dataset, champion: Package, registered: Registered
) -> None:
    copy = registered("again", model_digest=champion.facts["model_digest"])
    staged_context.aws.s3.copy_object(
        CopySource="photos/models/first/output/model.tar.gz",
        Bucket="photos",
        Key="models/again/output/model.tar.gz",
    )
    comparison = FakeComparison({})
    with pytest.raises(ChallengerRefusedError, match="are the same model"):
        promote(staged_context, staged_dataset, copy, comparison)
    assert [] == comparison.images


def test_a_first_model_is_promoted_if_it_has_learned_something(
    staged_context: Context, staged_dataset: Dataset, registered: Registered
) -> None:
    assert promote(staged_context, staged_dataset, registered("first"), FakeComparison({1: 0.7}))[
        "promoted"
    ]


def test_promotion_of_the_first_champion_says_that_no_model_was_compared(
    staged_context: Context,
    staged_dataset: Dataset,
    registered: Registered,
    shown: io.StringIO,
) -> None:
    promote(staged_context, staged_dataset, registered("first"), FakeComparison({1: 0.7}))
    assert (
        "Version 1 is the champion. It is the first champion, so no comparison with a model was "
        "made. The next `scones promote` compares its model with this version"
    ) in shown.getvalue()


def test_promotion_over_a_champion_does_not_call_it_the_first(
    staged_context: Context, staged_dataset: Dataset, challenger: Package, shown: io.StringIO
) -> None:
    promote(staged_context, staged_dataset, challenger, FakeComparison({1: 0.85, 2: 0.95}))
    assert "Version 2 is the champion. The next" in shown.getvalue()


def test_first_model_at_chance_accuracy_is_refused(
    staged_context: Context, staged_dataset: Dataset, registered: Registered
) -> None:
    with pytest.raises(ChallengerRefusedError, match="always the most frequent class"):
        promote(staged_context, staged_dataset, registered("first"), FakeComparison({1: 0.5}))


def test_the_champion_is_not_compared_with_itself(
    staged_context: Context, staged_dataset: Dataset, champion: Package
) -> None:
    result = promote(staged_context, staged_dataset, champion, FakeComparison({}))
    assert {
        "promoted": True,
        "reason": "Version 1 is the champion already.",
        "challenger": 1,
        "champion": 1,
    } == result


def test_images_that_the_champion_has_learned_from_are_left_out(
    staged_context: Context, staged_dataset: Dataset, challenger: Package, shown: io.StringIO
) -> None:
    body = listed("train", 8) + listed(
        "test", 100
    )  # in the dataset of the champion's day they were training images
    staged_context.aws.s3.put_object(
        Bucket="photos", Key="models/first/output/train.lst", Body=body.encode()
    )
    comparison = FakeComparison({1: 0.85, 2: 0.95})
    promote(staged_context, staged_dataset, challenger, comparison)
    assert TEST_IMAGES - 100 == len(comparison.images)
    assert "100 of 400 test images are left out" in shown.getvalue()


@pytest.mark.parametrize("with_champion", [False, True])
def test_images_that_the_challenger_learned_as_an_earlier_model_are_left_out(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    registered: Registered,
    with_champion: bool,
) -> None:
    if with_champion:
        registry.decide(registered("champion"), "Approved", "The first.")
    earlier = registered("earlier")
    body = listed("train", 8) + listed(
        "test", 100
    )  # in the dataset of the earlier model they were training images
    staged_context.aws.s3.put_object(
        Bucket="photos", Key="models/earlier/output/train.lst", Body=body.encode()
    )
    challenger = registered("challenger", earlier_model=earlier.model_data)
    comparison = FakeComparison({1: 0.85, 2: 0.95, 3: 0.95})
    promote(staged_context, staged_dataset, challenger, comparison)
    assert TEST_IMAGES - 100 == len(comparison.images)


def test_a_challenger_with_an_unknown_ancestor_is_not_compared(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    champion: Package,
    registered: Registered,
) -> None:
    challenger = registered("second", earlier_model="s3://photos/theirs/model.tar.gz")
    with pytest.raises(
        UnknownAncestorError,
        match=r"s3://photos/theirs/model\.tar\.gz: Train the challenger without",
    ):
        promote(staged_context, staged_dataset, challenger, FakeComparison({}))
    assert "PendingManualApproval" == registry.find_package(2).approval


def test_champion_with_an_unknown_ancestor_is_compared_and_reported(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    registered: Registered,
    shown: io.StringIO,
) -> None:
    registry.decide(
        registered("first", earlier_model="s3://photos/theirs/model.tar.gz"), "Approved", "By hand."
    )
    assert promote(
        staged_context, staged_dataset, registered("second"), FakeComparison({1: 0.85, 2: 0.95})
    )["promoted"]
    assert "The champion was trained from s3://photos/theirs/model.tar.gz" in shown.getvalue()


def test_champion_with_a_missing_model_is_an_error(
    staged_context: Context, staged_dataset: Dataset, challenger: Package
) -> None:
    staged_context.aws.s3.delete_object(Bucket="photos", Key="models/first/output/model.tar.gz")
    with pytest.raises(PackageFilesMissingError, match=r"models/first/.*or reject this version"):
        promote(staged_context, staged_dataset, challenger, FakeComparison({}))


def test_comparison_needs_images_that_the_champion_has_not_learned(
    staged_context: Context, staged_dataset: Dataset, challenger: Package
) -> None:
    body = listed("test", TEST_IMAGES).encode()
    staged_context.aws.s3.put_object(
        Bucket="photos", Key="models/first/output/validation.lst", Body=body
    )
    with pytest.raises(NoFairImagesError):
        promote(staged_context, staged_dataset, challenger, FakeComparison({}))


def test_an_older_version_is_not_compared(
    registry: ModelRegistry, staged_context: Context, staged_dataset: Dataset, challenger: Package
) -> None:
    registry.decide(challenger, "Approved", "It was better.")
    with pytest.raises(NotComparableError, match="older than the champion, version 2"):
        promote(
            staged_context,
            staged_dataset,
            registry.find_package(1),
            FakeComparison({}),
        )


def test_models_of_other_classes_are_not_compared(
    registry: ModelRegistry,
    staged_context: Context,
    staged_dataset: Dataset,
    registered: Registered,
) -> None:
    registry.decide(registered("first", labels=["cat", "dog"]), "Approved", "The first.")
    with pytest.raises(NotComparableError, match=r"cat, dog.*Use a new --project for other"):
        promote(staged_context, staged_dataset, registered("second"), FakeComparison({}))


def test_a_challenger_of_another_dataset_is_not_compared(
    staged_context: Context, staged_dataset: Dataset, registered: Registered
) -> None:
    with pytest.raises(OtherDatasetError):
        promote(
            staged_context,
            staged_dataset,
            registered("first", dataset_digest="sha256:other"),
            FakeComparison({}),
        )


@pytest.mark.parametrize("content", ["first", "second"])
def test_model_that_changed_since_its_registration_is_not_compared(
    staged_context: Context, staged_dataset: Dataset, challenger: Package, content: str
) -> None:
    key = f"models/{content}/output/model.tar.gz"
    staged_context.aws.s3.put_object(Bucket="photos", Key=key, Body=archive("something else"))
    with pytest.raises(ModelChangedError):
        promote(staged_context, staged_dataset, challenger, FakeComparison({}))
