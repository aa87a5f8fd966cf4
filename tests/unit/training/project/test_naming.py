"""Names and tags: one place makes them, and AWS takes them."""

import re
from datetime import UTC, datetime

import pytest

from training.project.naming import InvalidNameError, Names

MOMENT = datetime(2026, 11, 23, 1, 2, 3, tzinfo=UTC)


def now() -> datetime:
    return MOMENT


def test_names_of_the_dev_environment_are_those_of_the_template_and_samconfig() -> None:
    names = Names()
    assert "scones-unlimited" == names.endpoint
    assert "/scones-unlimited/endpoints/scones-unlimited" == names.model_card


def test_names_of_another_environment_carry_it() -> None:
    names = Names(environment="prod")
    assert "scones-unlimited-prod" == names.endpoint
    assert "scones-unlimited-prod-training" == names.training_stack


def test_the_model_card_of_another_project_lies_where_the_template_looks() -> None:
    assert "/scones-unlimited/endpoints/parcels" == Names(project="parcels").model_card


def test_a_dated_name_fits_sagemaker_even_when_every_part_is_as_long_as_allowed() -> None:
    longest = Names("p" * 19, "s" * 9, "r" * 19, now).dated()
    assert 63 == len(longest)
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}", longest)


def test_a_dated_name_tells_run_and_time() -> None:
    assert "scones-unlimited-cars-261123-010203" == Names(run="cars", now=now).dated()


@pytest.mark.parametrize("run", ["cars", "r" * 19])
@pytest.mark.parametrize("project", ["scones-unlimited", "cars", "a-1-b-2-c-3-d-4-e-5"])
def test_a_short_name_fits_the_jobs_that_may_have_32_characters(project: str, run: str) -> None:
    assert re.fullmatch(
        r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}", Names(project, "s" * 9, run, now).short()
    )


def test_the_name_of_a_comparison_tells_its_version() -> None:
    assert "scones-unlimited-v12-261123-010203" == Names(now=now).versioned(12)


def test_names_that_are_too_long_together_are_refused() -> None:
    with pytest.raises(InvalidNameError, match="1 characters too long together"):
        Names("p" * 19, "s" * 10, "r" * 19)


def test_environment_whose_stack_would_be_the_training_stack_of_another_is_refused() -> None:
    with pytest.raises(InvalidNameError, match="dev's training stack"):
        Names(environment="training")


@pytest.mark.parametrize(
    "run", ["", "Cars", "a--b", "-a", "a-", "a_b", "a" * 20, "a-" * 10 + "a", "ä", "a b", "a\n"]
)
def test_a_name_that_aws_would_refuse_is_refused_with_the_rule(run: str) -> None:
    with pytest.raises(InvalidNameError, match="lower-case letters"):
        Names(run=run)


def test_tags_say_project_environment_and_run() -> None:
    assert {"project": "scones-unlimited", "environment": "dev", "run": "cars"} == Names(
        run="cars"
    ).tags
