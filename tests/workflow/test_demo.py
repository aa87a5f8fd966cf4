"""Check the demo: a decision for each of 227 simultaneous uploads, and an accurate model."""

import re
from collections import Counter

import pytest

from examples.demo.training_steps import ENDPOINT, run_step
from localcloud.server.cloud import Cloud
from tests.workflow.conftest import Demo


def true_class(image_url: str) -> str | None:
    match = re.search(r"/demo/(?:test|large)/([^/]+)/", image_url)
    return match[1] if match else None


def test_demo_succeeds_with_an_outcome_for_every_upload(demo: Demo) -> None:
    outcomes = Counter(output["outcome"] for output in demo.decisions)
    assert 0 == demo.status
    assert 227 == outcomes.total()
    assert 3 == outcomes["UNREADABLE"]
    assert 0 == outcomes["FAILED"]


def test_demo_decides_every_upload_once(demo: Demo) -> None:
    assert 227 == len({output["image_url"] for output in demo.decisions})


def test_burst_of_uploads_fails_no_execution(demo: Demo) -> None:
    assert 0 == demo.failed_executions


def test_model_is_right_on_at_least_92_percent_of_the_test_images(demo: Demo) -> None:
    right = [
        o["classification"] == label
        for o in demo.decisions
        if (label := true_class(o["image_url"]))
    ]
    assert 204 == len(right)
    assert 0.92 <= sum(right) / len(right)


def test_accepted_predictions_are_right_in_at_least_97_percent(demo: Demo) -> None:
    accepted = [
        o for o in demo.decisions if o["outcome"] == "ACCEPTED" and true_class(o["image_url"])
    ]
    right = [output["classification"] == true_class(output["image_url"]) for output in accepted]
    assert 0.97 <= sum(right) / len(right)


def test_at_most_one_in_twenty_ood_images_is_accepted(demo: Demo) -> None:
    ood = [output["outcome"] for output in demo.decisions if "/demo/ood/" in output["image_url"]]
    assert 20 == len(ood)
    assert ood.count("ACCEPTED") <= 1


def test_page_shows_every_decision_and_the_workflow(demo: Demo) -> None:
    assert 227 == demo.page.count('<details class="image"')
    assert 1 == demo.page.count("<svg ")


@pytest.mark.long
def test_deploy_recreates_a_deleted_endpoint_from_the_same_model(demo: Demo, cloud: Cloud) -> None:
    sagemaker = cloud.client("sagemaker")
    sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    run_step(cloud.environment, demo.runs, "deploy")
    assert "InService" == sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointStatus"]
