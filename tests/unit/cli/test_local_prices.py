"""Say that the local cloud charges nothing."""

import boto3
import pytest

from cli.aws import Aws
from cli.prices import read_prices


@pytest.mark.parametrize(
    ("local", "url"),
    [
        (True, "http://127.0.0.1:4566"),
        (True, "http://localhost:4566"),
        (False, "https://api.sagemaker.us-east-1.amazonaws.com"),
    ],
)
def test_loopback_endpoint_is_the_local_cloud(
    monkeypatch: pytest.MonkeyPatch, local: bool, url: str
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    assert local is Aws(boto3.Session(region_name="us-east-1")).is_local


def test_basis_of_local_prices_says_that_nothing_is_charged() -> None:
    assert "charges nothing" in read_prices(charged=False).basis
    assert "charges nothing" not in read_prices().basis
