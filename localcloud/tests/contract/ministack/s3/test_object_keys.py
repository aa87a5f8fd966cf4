"""Object keys with control characters, long keys and `parcels/` itself, as S3 treats them."""

import http.client
import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

from localcloud.server.cloud import Cloud
from localcloud.server.settings import ACCESS_KEY, REGION, SECRET_KEY

BUCKET = "object-keys"
CONTROL = "parcels/a\x01b.png"  # S3 stores this key, and XML 1.0 cannot hold it
WRITABLE = [
    "parcels/",
    "parcels",
    "parcels/a\nb.png",
    "parcels/a\rb.png",
    "parcels/a\r\nb.png",
    "parcels/a\tb.png",
    "parcels//a.png",
    "parcels/" + "x" * 1016,
    "parcels/" + "é" * 508,
]
KEYS = [*WRITABLE, CONTROL]


@pytest.fixture(scope="module")
def s3(cloud: Cloud) -> Iterator[Any]:
    """A client, and a bucket with versions of an object under each key."""
    client = cloud.client("s3")
    client.create_bucket(Bucket=BUCKET)
    versioning = {"Status": "Enabled"}
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versioning)

    for key in KEYS:
        client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())

    yield client
    for version in client.list_object_versions(Bucket=BUCKET)["Versions"]:
        client.delete_object(Bucket=BUCKET, Key=version["Key"], VersionId=version["VersionId"])

    client.delete_bucket(Bucket=BUCKET)


def listed(cloud: Cloud, query: str) -> bytes:
    """Return the body of a listing, without the encoding that boto3 asks for."""
    url = urlsplit(f"{cloud.url}/{BUCKET}?{query}")
    request = AWSRequest("GET", url.geturl())
    S3SigV4Auth(Credentials(ACCESS_KEY, SECRET_KEY), "s3", REGION).add_auth(request)
    connection = http.client.HTTPConnection(url.netloc)
    connection.request("GET", f"{url.path}?{url.query}", headers=dict(request.headers))
    body = connection.getresponse().read()
    connection.close()

    return body


@pytest.mark.parametrize("key", KEYS)
def test_object_is_read_back_under_its_own_key(s3: Any, key: str) -> None:
    assert key.encode() == s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()
    assert len(key.encode()) == s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"]


@pytest.mark.parametrize("key", ["x" * 1025, "parcels/" + "é" * 508 + "a"])
@pytest.mark.parametrize("operation", ["put_object", "get_object", "delete_object"])
def test_key_above_1024_bytes_is_refused(s3: Any, operation: str, key: str) -> None:
    with pytest.raises(ClientError, match=r"KeyTooLongError.*Your key is too long") as raised:
        getattr(s3, operation)(Bucket=BUCKET, Key=key)
    assert 400 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


@pytest.mark.parametrize(
    ("operation", "members"),
    [
        ("list_objects", "Contents"),
        ("list_objects_v2", "Contents"),
        ("list_object_versions", "Versions"),
    ],
)
def test_boto3_lists_every_key_as_it_is(s3: Any, operation: str, members: str) -> None:
    answer = getattr(s3, operation)(Bucket=BUCKET)
    assert "url" == answer["EncodingType"]
    assert sorted(KEYS) == sorted(found["Key"] for found in answer[members])


def test_pages_of_versions_lose_no_key(s3: Any) -> None:
    paginator = s3.get_paginator("list_object_versions")
    pages = paginator.paginate(Bucket=BUCKET, PaginationConfig={"PageSize": 1})
    assert sorted(KEYS) == sorted(one["Key"] for page in pages for one in page["Versions"])


@pytest.mark.parametrize("query", ["list-type=2", "list-type=1", "versions="])
def test_listing_without_encoding_has_references_for_control_characters(
    s3: Any, cloud: Cloud, query: str
) -> None:
    body = listed(cloud, query)
    assert b"<Key>parcels/a&#x1;b.png</Key>" in body
    assert b"<Key>parcels/a&#xd;b.png</Key>" in body
    assert b"EncodingType" not in body


def test_encoded_listing_has_percent_signs_and_slashes(s3: Any, cloud: Cloud) -> None:
    body = listed(cloud, "versions=&encoding-type=url")
    assert b"<Key>parcels/a%01b.png</Key>" in body
    assert b"<Key>parcels/a%0Db.png</Key>" in body
    assert b"<EncodingType>url</EncodingType>" in body


def test_uploads_in_progress_are_listed_under_their_own_keys(s3: Any) -> None:
    key = "parcels/a\rb.png"
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)
    answer = s3.list_multipart_uploads(Bucket=BUCKET, EncodingType="url")
    assert key == upload["Key"]
    assert ["parcels/a%0Db.png"] == [one["Key"] for one in answer["Uploads"]]
    s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload["UploadId"])


def test_deletion_of_many_objects_takes_all_keys_that_xml_holds(s3: Any, cloud: Cloud) -> None:
    keys = [f"delete/{key}" for key in WRITABLE if len(key) < 100]
    for key in keys:
        s3.put_object(Bucket=BUCKET, Key=key)

    versions = s3.list_object_versions(Bucket=BUCKET, Prefix="delete/")["Versions"]
    members = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in versions]

    answer = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": members})

    assert sorted(keys) == sorted(deleted["Key"] for deleted in answer["Deleted"])
    assert "Versions" not in s3.list_object_versions(Bucket=BUCKET, Prefix="delete/")


def test_deletion_of_many_objects_refuses_a_control_character(s3: Any) -> None:
    # Amazon S3 refuses references to it as well: https://github.com/basho/riak_cs/issues/974.
    with pytest.raises(ClientError, match="MalformedXML"):
        s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": CONTROL}]})


def test_head_with_a_malformed_version_id_answers_400(s3: Any) -> None:
    with pytest.raises(ClientError, match="400") as raised:
        s3.head_object(Bucket=BUCKET, Key="parcels/", VersionId="nope")
    assert 400 == raised.value.response["ResponseMetadata"]["HTTPStatusCode"]


def test_wildcard_of_a_policy_matches_every_key(
    s3: Any, client_of_user: Callable[..., Any]
) -> None:
    resource = f"arn:aws:s3:::{BUCKET}/parcels/*"
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": resource}
    reader = client_of_user("s3", statement)

    for key in [key for key in KEYS if key != "parcels"]:
        assert key.encode() == reader.get_object(Bucket=BUCKET, Key=key)["Body"].read()

    with pytest.raises(ClientError, match="AccessDenied"):
        reader.get_object(Bucket=BUCKET, Key="parcels")


def test_event_has_the_key_as_it_is(s3: Any, cloud: Cloud) -> None:
    s3.put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    sqs = cloud.client("sqs")
    queue = sqs.create_queue(QueueName="object-keys")["QueueUrl"]
    allow = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}}
    statement = {**allow, "Action": "sqs:SendMessage", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"Policy": policy})
    events = cloud.client("events")
    detail = {"bucket": {"name": [BUCKET]}, "object": {"key": [{"prefix": "parcels/"}]}}
    pattern = json.dumps({"source": ["aws.s3"], "detail": detail})
    events.put_rule(Name="object-keys", EventPattern=pattern)
    arn = f"arn:aws:sqs:{REGION}:000000000000:object-keys"
    events.put_targets(Rule="object-keys", Targets=[{"Id": "queue", "Arn": arn}])

    for key in KEYS:
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"again")

    expected = sorted(key for key in KEYS if key != "parcels")
    found: list[str] = []

    while len(found) < len(expected):
        messages = sqs.receive_message(
            QueueUrl=queue, MaxNumberOfMessages=10, WaitTimeSeconds=5
        ).get("Messages", [])
        assert messages, f"{len(expected) - len(found)} events are missing"
        for message in messages:
            found.append(json.loads(message["Body"])["detail"]["object"]["key"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])

    assert expected == sorted(found)
    events.remove_targets(Rule="object-keys", Ids=["queue"])
    events.delete_rule(Name="object-keys")
