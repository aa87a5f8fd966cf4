"""The check that the dataset of a run still exists."""

import pytest

from training.dataset.presence import RunResourcesMissingError, require_presence
from training.steps.context import Context


def test_run_without_a_dataset_passes(context: Context) -> None:
    require_presence(context.aws, context.run)


@pytest.mark.usefixtures("staged_run", "plan_in_s3")
def test_existing_dataset_passes(context: Context) -> None:
    require_presence(context.aws, context.run)


@pytest.mark.usefixtures("staged_run", "plan_in_s3")
def test_deleted_dataset_in_an_existing_bucket_is_refused(context: Context) -> None:
    context.aws.s3.delete_object(Bucket="photos", Key="datasets/cars/dataset.json")
    with pytest.raises(RunResourcesMissingError, match="s3://photos/datasets/cars/ does not exist"):
        require_presence(context.aws, context.run)


@pytest.mark.usefixtures("staged_run")
def test_deleted_bucket_is_refused(context: Context) -> None:
    with pytest.raises(RunResourcesMissingError, match="or start again with `scones stage`"):
        require_presence(context.aws, context.run)
