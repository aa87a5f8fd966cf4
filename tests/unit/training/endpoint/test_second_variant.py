"""The endpoint configuration that holds a second model."""

from collections.abc import Callable
from typing import Any

import pytest

from training.endpoint.second_variant import config_request

SERVED = {
    "VariantName": "AllTraffic",
    "ModelName": "old",
    "InstanceType": "ml.m5.large",
    "InitialInstanceCount": 1,
}
CONFIG = {"ProductionVariants": [SERVED | {"InitialVariantWeight": 1.0}], "KmsKeyId": "key"}
NOW = {
    "ProductionVariants": [
        {"VariantName": "AllTraffic", "CurrentWeight": 1.0, "CurrentInstanceCount": 3}
    ]
}


@pytest.mark.parametrize("shadow", [False, True])
def test_serving_variant_does_not_change(valid_request: Callable[..., None], shadow: bool) -> None:
    request: dict[str, Any] = config_request(NOW, CONFIG, "both", "b", shadow=shadow)
    valid_request("sagemaker", "CreateEndpointConfig", request)
    assert (
        SERVED | {"InitialVariantWeight": 1.0, "InitialInstanceCount": 3}
        == request["ProductionVariants"][0]
    )
    assert "key" == request["KmsKeyId"]


def test_second_variant_comes_without_weight() -> None:
    [_, second] = config_request(NOW, CONFIG, "both", "b", shadow=False)["ProductionVariants"]
    assert "b" == second["VariantName"]
    assert "both" == second["ModelName"]
    assert 0.0 == second["InitialVariantWeight"]
    assert 1 == second["InitialInstanceCount"]


def test_shadow_gets_a_copy_of_every_request() -> None:
    request = config_request(NOW, CONFIG, "both", "shadow", shadow=True)
    assert [1.0] == [one["InitialVariantWeight"] for one in request["ShadowProductionVariants"]]
    assert 1 == len(request["ProductionVariants"])
