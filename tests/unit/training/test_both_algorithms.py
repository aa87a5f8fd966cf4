"""Hold the requests of both algorithms against AWS's models of them, and against its limits."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.aws import QuotaExceededError
from cli.instances import BUILT_IN, TRAINING, TRANSFER_LEARNING
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.scikit_learn.algorithm import IMAGE
from tests.unit.conforming import operations
from tests.unit.shapes import violations
from tests.unit.training.training_plans import ROLE
from training.endpoint import comparison, second_variant
from training.endpoint.hosting import Hosting
from training.endpoint.request import endpoint_config_request, endpoint_request, model_request
from training.jobs import hyperparameters
from training.jobs.plan import Plan
from training.jobs.training_request import Source, training_job_request
from training.jobs.tuning_jobs import SageMakerTuningJobs, tuning_job_request
from training.jobs.tuning_search import DEFAULTS, Search
from training.models.containers import ALGORITHMS
from training.models.registry import package_request
from training.models.trained_model import TrainedModel
from training.project.naming import Names
from training.steps.context import Context

IMAGES = {
    BUILT_IN: "811284229777.dkr.ecr.us-east-1.amazonaws.com/image-classification:1",
    TRANSFER_LEARNING: "683313688378.dkr.ecr.us-east-1.amazonaws.com/"
    "sagemaker-scikit-learn:1.9-0-cpu-py3",
}
MODEL_DATA = "s3://photos/models/cars-1/output/model.tar.gz"
DIGEST = f"sha256:{'0' * 64}"
TAGS = Names().tag_list
SOURCES = {TRANSFER_LEARNING: Source("s3://photos/algorithm/d1/", "sourcedir.tar.gz", "0" * 64)}
REALTIME = Hosting(
    "realtime", "ml.m5.large", instances=2, capture_percent=20, capture_url="s3://photos/captured"
)
SERVERLESS = Hosting("serverless", memory_mb=2048, max_concurrency=5)

type Requests = Mapping[str, dict[str, Any]]


@pytest.fixture(params=ALGORITHMS)
def algorithm(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def requests(plan: Plan, algorithm: str) -> Requests:
    """All requests that create something in SageMaker, by operation and use."""
    asked = replace(
        plan,
        algorithm=algorithm,
        instance_type=TRAINING[algorithm],
        hyperparameters={**hyperparameters.read(hyperparameters.DEFAULTS), **plan.hyperparameters},
        earlier_model=MODEL_DATA,
        max_wait=9000,
    )
    image, source = IMAGES[algorithm], SOURCES.get(algorithm)
    model = TrainedModel(MODEL_DATA, image, ROLE, ("a", "b"), "cars-1", {}, "d", DIGEST, "x")
    trained = {
        **{"training_job": "cars-1", "image": image, "model_data": MODEL_DATA},
        **{"model_digest": DIGEST, "dataset_digest": "sha256:1", "labels": ["a", "b"]},
        **{"metrics": {"validation:accuracy": 0.94}, "backbone": "EfficientNet-Lite0"},
    }
    search = Search.read(DEFAULTS)
    config = endpoint_config_request("m", REALTIME, TAGS)
    found = {
        "ProductionVariants": [
            {"VariantName": "AllTraffic", "CurrentWeight": 1.0, "CurrentInstanceCount": 2}
        ]
    }
    second = {
        shadow: second_variant.config_request(found, config, "m", "b", shadow=shadow)
        for shadow in (False, True)
    }
    return {
        "CreateTrainingJob": training_job_request(
            asked, "cars-1", image, "s3://photos/c/1/", TAGS, source
        ),
        "CreateHyperParameterTuningJob": tuning_job_request(
            asked, search, "cars-1", image, TAGS, source
        ),
        "CreateModel on instances": model_request("m", model, ROLE, TAGS),
        "CreateModel serverless": model_request("m", model, ROLE, TAGS, serverless=True),
        "CreateEndpointConfig on instances": config,
        "CreateEndpointConfig serverless": endpoint_config_request("m", SERVERLESS, TAGS),
        "CreateEndpointConfig of a comparison": comparison.endpoint_config_request(
            "m", {1: "m-1", 2: "m-2"}, "ml.m5.large", TAGS
        ),
        "CreateEndpointConfig of an A/B test": second[False],
        "CreateEndpointConfig of a shadow": second[True],
        "CreateEndpoint": endpoint_request("e", "m", TAGS),
        "CreateModelPackage": package_request("cars", trained, "job", "s3://photos/facts.json"),
    }


def test_requests_are_valid(requests: Requests) -> None:
    shapes = {one.name: one.input_shape for one in operations("sagemaker").values()}
    found = {use: violations(request, shapes[use.split()[0]]) for use, request in requests.items()}
    assert {} == {use: texts for use, texts in found.items() if texts}


def test_models_on_instances_have_no_network(requests: Requests) -> None:
    assert requests["CreateModel on instances"]["EnableNetworkIsolation"]
    # SageMaker refuses network isolation for serverless endpoints.
    assert "EnableNetworkIsolation" not in requests["CreateModel serverless"]


def test_jobs_of_our_algorithm_have_no_network(requests: Requests, algorithm: str) -> None:
    jobs = [
        requests["CreateTrainingJob"],
        requests["CreateHyperParameterTuningJob"]["TrainingJobDefinition"],
    ]
    isolated = [job.get("EnableNetworkIsolation", False) for job in jobs]
    # AWS does not say whether the built-in algorithm's image has its ImageNet weights.
    assert [algorithm == TRANSFER_LEARNING] * 2 == isolated


def test_registered_model_has_the_container_of_a_deployed_one(requests: Requests) -> None:
    package = requests["CreateModelPackage"]
    [container] = package["InferenceSpecification"]["Containers"]
    assert requests["CreateModel on instances"]["PrimaryContainer"] == container


def test_metric_of_a_tuning_job_is_in_the_log_of_an_epoch(requests: Requests) -> None:
    definition = requests["CreateHyperParameterTuningJob"]["TrainingJobDefinition"]
    rules = IMAGE_CLASSIFICATION.built_in
    assert rules
    # The request of the built-in algorithm must not define metrics.
    metrics = definition["AlgorithmSpecification"].get(
        "MetricDefinitions", rules.metric_definitions
    )
    config = requests["CreateHyperParameterTuningJob"]["HyperParameterTuningJobConfig"]
    objective = config["HyperParameterTuningJobObjective"]["MetricName"]
    [regex] = [one["Regex"] for one in metrics if one["Name"] == objective]

    assert "0.940000" == re.findall(regex, "[] Epoch[7] Validation-accuracy=0.940000")[0]
    assert [] == re.findall(regex, "[] Epoch[7] Train-accuracy=0.940000")


def test_local_cloud_knows_the_images(algorithm: str) -> None:
    known = {BUILT_IN: IMAGE_CLASSIFICATION.image, TRANSFER_LEARNING: IMAGE}
    assert [algorithm] == [
        name for name, pattern in known.items() if re.fullmatch(pattern, IMAGES[algorithm])
    ]


def test_quota_of_a_tuning_job_names_the_algorithm_that_needs_no_gpu(
    context: Context, requests: Requests, algorithm: str
) -> None:
    with Stubber(context.aws.sagemaker) as stubber:
        stubber.add_client_error("create_hyper_parameter_tuning_job", "ResourceLimitExceeded")
        with pytest.raises(QuotaExceededError) as caught:
            SageMakerTuningJobs(context.aws).create(requests["CreateHyperParameterTuningJob"])

    message = str(caught.value)
    assert f'"{TRAINING[algorithm]} for spot training job usage"' in message
    hint = "`--algorithm transfer-learning` needs no GPU."
    assert (algorithm == BUILT_IN) == (hint in message)
