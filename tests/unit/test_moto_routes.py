"""moto, as the unit tests have it, keeps its routes while threads use them."""

import boto3
import moto.s3.urls
from moto import mock_aws


@mock_aws
def test_call_leaves_the_routes_of_s3_as_they_are() -> None:
    s3 = boto3.session.Session("testing", "testing", region_name="us-east-1").client("s3")
    routes = moto.s3.urls.url_paths
    s3.create_bucket(Bucket="photos")
    assert routes is moto.s3.urls.url_paths
