"""`stage --with-reviews` needs the rights that docs/training.md names, and no other."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import OUTPUTS, REVIEWS_TABLE
from localcloud.server.cloud import Cloud
from tests.unit.review.conftest import table
from training.dataset.stored_image import ImageVersionGoneError, version_reader
from training.service.reviews import read_reviews
from untrusted.console import Console

BUCKET, RESULTS, REVIEWS, STACK = "staged-images", "staged-results", "staged-answers", "staged"
TABLES = "arn:aws:dynamodb:*:*:table/"
RIGHTS = {
    "cloudformation:DescribeStacks": f"arn:aws:cloudformation:*:*:stack/{STACK}/*",
    "dynamodb:Scan": f"{TABLES}{REVIEWS}",
    "dynamodb:BatchGetItem": f"{TABLES}{RESULTS}",
    "s3:GetObjectVersion": f"arn:aws:s3:::{BUCKET}/*",
}
USERS = count()


@dataclass(frozen=True)
class Account:
    """The service's parts."""

    cloud: Cloud
    url: str
    version: str

    def user(self, rights: dict[str, str]) -> Callable[[str], Any]:
        """Create a user with these rights alone; return how to make clients of this user."""
        iam = self.cloud.client("iam")
        name = f"trainer-{next(USERS)}"
        statement = [
            {"Effect": "Allow", "Action": action, "Resource": resource}
            for action, resource in rights.items()
        ]
        document = json.dumps({"Version": "2012-10-17", "Statement": statement})
        iam.create_user(UserName=name)
        iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
        keys = iam.create_access_key(UserName=name)["AccessKey"]
        return lambda service: self.cloud.client(
            service, keys["AccessKeyId"], keys["SecretAccessKey"]
        )


@pytest.fixture(scope="module")
def account(cloud: Cloud) -> Account:
    dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
    table(dynamodb, RESULTS, "image_url", "version")
    table(dynamodb, REVIEWS, "image_url", "answer")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=BUCKET, Key="uploads/a.jpg", Body=b"a picture")["VersionId"]
    s3.put_object(Bucket=BUCKET, Key="uploads/a.jpg", Body=b"a newer picture")
    url = f"s3://{BUCKET}/uploads/a.jpg"

    review = {"verdict": {"S": "CLASS"}, "class": {"S": "car"}, "reviewed_at": {"S": "2030"}}
    audit = {"drawn": {"BOOL": True}, "probability": {"N": "0.2"}}
    names = {"image_url": {"S": url}, "version": {"S": version}}
    item = {**names, "recorded_at": {"S": "2030"}, "review": {"M": review}, "audit": {"M": audit}}
    dynamodb.put_item(TableName=RESULTS, Item=item)
    dynamodb.put_item(TableName=REVIEWS, Item={**names, "answer": {"S": f"{version}#1"}})
    deploy(cloud)
    return Account(cloud, url, version)


def deploy(cloud: Cloud) -> None:
    """Deploy a stack with the outputs of the service."""
    values = dict.fromkeys(OUTPUTS.values(), "any") | {REVIEWS_TABLE: REVIEWS}
    values |= {OUTPUTS["results_table"]: RESULTS, OUTPUTS["image_bucket"]: BUCKET}
    resource = {"Type": "AWS::SSM::Parameter", "Properties": {"Type": "String", "Value": "any"}}
    outputs = {name: {"Value": value} for name, value in values.items()}
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=json.dumps({"Resources": {"Any": resource}, "Outputs": outputs}),
    )
    wait = {"Delay": 1, "MaxAttempts": 30}
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=wait)


def read(account: Account, user: Callable[[str], Any]) -> bytes:
    """Read the review, then the image version."""
    aws: Any = SimpleNamespace(
        cloudformation=user("cloudformation"), dynamodb=user("dynamodb"), region="us-east-1"
    )
    [review] = read_reviews(aws, STACK, Console(quiet=True)).complete
    return version_reader(user("s3"), review.image_url, review.version)()


def test_documented_rights_read_the_reviewed_version(account: Account) -> None:
    assert b"a picture" == read(account, account.user(RIGHTS))


@pytest.mark.parametrize("missing", RIGHTS)
def test_each_right_is_needed(account: Account, missing: str) -> None:
    user = account.user({action: on for action, on in RIGHTS.items() if action != missing})
    with pytest.raises(ClientError) as caught:
        read(account, user)
    assert caught.value.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")


def test_records_of_other_images_cannot_be_listed(account: Account) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        account.user(RIGHTS)("dynamodb").scan(TableName=RESULTS)


def test_version_that_is_gone_is_reported_with_the_right_to_list(account: Account) -> None:
    user = account.user(RIGHTS | {"s3:ListBucket": f"arn:aws:s3:::{BUCKET}"})
    unknown = "0" * 8 + account.version[8:]
    with pytest.raises(ImageVersionGoneError):
        version_reader(user("s3"), account.url, unknown)()
