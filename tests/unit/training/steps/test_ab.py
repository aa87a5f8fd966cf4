"""Test a second model before it gets requests, and share the requests by weight."""

import argparse
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.training.fake_hosting import NEWER, interrupt, roll_back, serving
from training.endpoint.errors import ServerlessEndpointError, SmokeTestError, VariantTakenError
from training.models.model_card import OtherAlgorithmError, read_model_card
from training.steps import ab as step
from training.steps.ab import NoTestError, WeightsError
from training.steps.context import Context

type Step = Callable[..., dict[str, Any]]
type ModelUrl = Callable[[str], str]


@pytest.fixture
def ab(trained: Context) -> Step:
    """Run the step with these arguments."""

    def run(*arguments: str) -> dict[str, Any]:
        parser = argparse.ArgumentParser()
        step.add_arguments(parser)
        return step.run(trained, parser.parse_args(arguments))

    return run


def weights(context: Context) -> dict[str, float]:
    variants = context.aws.sagemaker.describe_endpoint(EndpointName=context.names.endpoint)[
        "ProductionVariants"
    ]
    return {
        one["VariantName"]: one.get("CurrentWeight", 0.0) for one in variants
    }  # moto leaves 0 out


def test_the_second_model_has_a_card_of_its_own_before_it_has_weight(
    trained: Context, deploy: Step, ab: Step, hosting: Any
) -> None:
    first = deploy()["model_card"]
    hosting.changes.clear()
    ab("--weights", "AllTraffic=90,b=10")
    card = read_model_card(trained.aws.ssm, trained.names.model_card) or {}
    assert serving(trained) == card["endpoint_config"]
    assert "b" == card["variants"]["b"]["variant"]
    assert first == {member: card[member] for member in first} | {
        "endpoint_config": first["endpoint_config"]
    }
    assert {"AllTraffic": 90, "b": 10} == weights(trained)
    assert hosting.changes.index("PutParameter") < hosting.changes.index(
        "UpdateEndpointWeightsAndCapacities"
    )


def test_second_model_of_our_algorithm_knows_its_digest(
    trained_by_us: Context, deploy: Step, ab: Step
) -> None:
    deploy()
    ab("--weights", "AllTraffic=90,b=10", "--model-data", NEWER)
    card = read_model_card(trained_by_us.aws.ssm, trained_by_us.names.model_card) or {}
    sagemaker = trained_by_us.aws.sagemaker
    model = sagemaker.describe_model(ModelName=card["endpoint_config"])
    digest = model["PrimaryContainer"]["Environment"]["MODEL_DIGEST"]
    assert digest == card["variants"]["b"]["model_digest"]


def test_other_weights_make_nothing_new(
    trained: Context, deploy: Step, ab: Step, hosting: Any
) -> None:
    deploy()
    ab("--weights", "AllTraffic=90,b=10")
    hosting.changes.clear()
    ab("--weights", "AllTraffic=50,b=50")
    assert ["UpdateEndpointWeightsAndCapacities"] == hosting.changes
    assert {"AllTraffic": 50, "b": 50} == weights(trained)


def test_second_model_that_fails_the_smoke_test_gets_no_weight_and_is_removed(
    trained: Context, deploy: Step, ab: Step, model_url: ModelUrl
) -> None:
    first = deploy()
    with pytest.raises(SmokeTestError):
        ab("--weights", "AllTraffic=90,b=10", "--model-data", model_url("swapped"))
    assert {"AllTraffic": 1, "b": 0} == weights(trained)
    roll_back(trained)
    assert first["endpoint_config"] == serving(trained)
    assert first["model_card"] == read_model_card(trained.aws.ssm, trained.names.model_card)


def test_test_that_was_interrupted_before_its_card_resumes(
    trained: Context, deploy: Step, ab: Step, hosting: Any
) -> None:
    deploy()
    # Model and configuration are made, the endpoint moves.
    interrupt(trained, hosting, 3, lambda: ab("--weights", "AllTraffic=90,b=10"))
    config = serving(trained)
    ab("--weights", "AllTraffic=90,b=10")
    assert (
        config
        == (read_model_card(trained.aws.ssm, trained.names.model_card) or {})["endpoint_config"]
    )


@pytest.mark.parametrize("tested", ["better", "swapped"])
def test_another_model_under_the_same_name_is_refused(
    trained: Context, deploy: Step, ab: Step, hosting: Any, model_url: ModelUrl, tested: str
) -> None:
    deploy()
    try:  # the one that answers wrong is there too, without a card
        ab("--weights", "AllTraffic=90,b=10", "--model-data", model_url(tested))
    except SmokeTestError:
        assert "swapped" == tested
    hosting.changes.clear()
    with pytest.raises(VariantTakenError, match="scones rollback` first"):
        ab("--weights", "AllTraffic=50,b=50", "--model-data", model_url("other"))
    assert [] == hosting.changes


def test_archive_of_the_other_algorithm_is_refused(
    deploy: Step, ab: Step, hosting: Any, model_url: Callable[[str], str]
) -> None:
    deploy()
    hosting.changes.clear()
    with pytest.raises(OtherAlgorithmError, match="of --algorithm transfer-learning"):
        ab("--weights", "AllTraffic=90,b=10", "--model-data", model_url("script"))
    assert [] == hosting.changes


def test_a_serverless_endpoint_gets_no_second_variant(deploy: Step, ab: Step, hosting: Any) -> None:
    deploy("--mode", "serverless")
    hosting.changes.clear()
    with pytest.raises(ServerlessEndpointError, match="Use --mode realtime"):
        ab("--weights", "AllTraffic=90,b=10")
    assert [] == hosting.changes


def test_weights_without_the_serving_variant_are_refused(deploy: Step, ab: Step) -> None:
    deploy()
    with pytest.raises(WeightsError, match="has the variants AllTraffic"):
        ab("--weights", "a=90,b=10")


def test_without_a_second_variant_there_is_nothing_to_compare(deploy: Step, ab: Step) -> None:
    deploy()
    with pytest.raises(NoTestError):
        ab()
