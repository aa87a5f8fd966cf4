"""Callers without a signature read public objects of S3, and nothing else."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator

import pytest

from localcloud.server.cloud import Cloud

ROOT_KEY = "local/20300101/us-east-1/s3/aws4_request"
UNSIGNED = [
    pytest.param({}, "", id="nothing"),
    pytest.param({"Authorization": "Basic bG9jYWw6bG9jYWw="}, "", id="basic"),
    pytest.param({"Authorization": f"Bearer Credential={ROOT_KEY}"}, "", id="bearer"),
    pytest.param({}, "?X-Amz-Algorithm=", id="empty algorithm"),
    pytest.param({}, f"?X-Amz-Credential={ROOT_KEY}", id="key alone"),
    pytest.param(
        {}, f"?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential={ROOT_KEY}", id="key and algorithm"
    ),
    pytest.param({}, "?AWSAccessKeyId=local", id="key of version 2"),
]
TARGETS = [
    "DynamoDB_20120810.ListTables",
    "AWSStepFunctions.ListStateMachines",
    "AmazonSQS.ListQueues",
    "AWSEvents.ListRules",
    "Logs_20140328.DescribeLogGroups",
]


def _status(request: urllib.request.Request) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code, refused.read().decode()


@pytest.fixture(scope="module")
def bucket(cloud: Cloud) -> Iterator[str]:
    s3 = cloud.client("s3")
    s3.create_bucket(Bucket="half-public")
    s3.delete_public_access_block(Bucket="half-public")

    for key in ("public/a", "private/a"):
        s3.put_object(Bucket="half-public", Key=key, Body=b"content")

    statement = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "arn:aws:s3:::half-public/public/*",
    }
    s3.put_bucket_policy(
        Bucket="half-public", Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )
    yield "half-public"

    for key in ("public/a", "private/a"):
        s3.delete_object(Bucket="half-public", Key=key)

    s3.delete_bucket(Bucket="half-public")


@pytest.mark.parametrize(("headers", "query"), UNSIGNED)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("PUT", "/made-by-nobody"),
        ("GET", "/half-public"),
        ("GET", "/half-public/private/a"),
        ("PUT", "/half-public/public/b"),
        ("DELETE", "/half-public/private/a"),
        ("GET", "/v20180820/accesspoint"),
    ],
)
def test_unsigned_request_of_s3_is_refused(
    method: str, path: str, headers: dict[str, str], query: str, cloud: Cloud, bucket: str
) -> None:
    account = {"x-amz-account-id": "000000000000"}
    request = urllib.request.Request(
        cloud.url + path + query, None, {**headers, **account}, method=method
    )
    status, body = _status(request)

    assert status in (400, 403), body
    assert "half-public</Name>" not in body, body


def test_unsigned_request_for_the_buckets_gets_s3s_error(cloud: Cloud) -> None:
    status, body = _status(urllib.request.Request(cloud.url))
    assert 403 == status
    assert "<Code>AccessDenied</Code><Message>Access Denied</Message>" in body


def test_unsigned_request_reads_public_objects(cloud: Cloud, bucket: str) -> None:
    assert (200, "content") == _status(urllib.request.Request(f"{cloud.url}/{bucket}/public/a"))


@pytest.mark.parametrize(("headers", "query"), UNSIGNED)
@pytest.mark.parametrize("target", TARGETS)
def test_unsigned_request_of_another_service_is_refused(
    target: str, headers: dict[str, str], query: str, cloud: Cloud
) -> None:
    sent = {**headers, "X-Amz-Target": target, "Content-Type": "application/x-amz-json-1.1"}
    status, body = _status(urllib.request.Request(f"{cloud.url}/{query}", b"{}", sent))
    assert status in (400, 403), body
    assert "__type" in body or "<Code>" in body, body


def test_unsigned_request_of_sagemaker_is_refused(cloud: Cloud) -> None:
    scope = "Basic local/20300101/us-east-1/sagemaker/aws4_request"
    sent = {"Authorization": scope, "X-Amz-Target": "SageMaker.ListEndpoints"}
    status, body = _status(urllib.request.Request(cloud.url, b"{}", sent))
    assert status in (400, 403), body
    assert '"Endpoints"' not in body, body


def test_health_needs_no_signature(cloud: Cloud) -> None:
    assert 200 == _status(urllib.request.Request(f"{cloud.url}/_ministack/health"))[0]
