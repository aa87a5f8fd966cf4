"""A user with nothing but the policy of stacks/reviewers.yaml, on the local cloud."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from cli.service import Service
from localcloud.server.cloud import Cloud
from review.images import Answer, ImageKey, Reason, Verdict
from review.overview.parts import Missing
from review.overview.snapshot import Collector
from review.pictures import Pictures
from review.reviewer import Reviewer
from review.service.queue import ReviewQueue
from review.service.second_look import look_again
from tests.unit.review.conftest import answers_table, table

TEMPLATE = Path(__file__).parents[3] / "stacks/reviewers.yaml"
STACK = "reviewers-of-a-test"
BUCKET, RESULTS, REVIEWS = "reviewed-images", "reviewed-results", "reviewed-answers"
TRAINING = "training-of-a-test"
CARD = "/scones-unlimited/endpoints/scones-unlimited"
ANNE = Reviewer("anne", "page-1")
PICTURE = b"\xff\xd8\xff a picture"


@dataclass(frozen=True)
class Account:
    """The service's parts, and clients of a user who has the policy alone."""

    key: ImageKey
    user: Callable[[str], Any]
    root: Callable[[str], Any]

    @property
    def queue(self) -> ReviewQueue:
        """The queue with the reviewer's credentials."""
        return ReviewQueue(self.user("dynamodb"), self.user("events"), RESULTS, REVIEWS)

    @property
    def record_key(self) -> dict[str, Any]:
        """The key of the image's record."""
        return {"image_url": {"S": self.key.image_url}, "version": {"S": self.key.version}}


@pytest.fixture(scope="module")
def account(cloud: Cloud) -> Account:
    dynamodb, s3 = cloud.client("dynamodb"), cloud.client("s3")
    table(dynamodb, RESULTS, "image_url", "version", index=("waits_for", "recorded_at"))
    answers_table(dynamodb, REVIEWS)
    for bucket in (BUCKET, TRAINING):
        s3.create_bucket(Bucket=bucket)
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        s3.put_object(Bucket=bucket, Key="other", Body=b"any")
    stored = s3.put_object(Bucket=BUCKET, Key="uploads/a.jpg", Body=PICTURE)
    key = ImageKey(f"s3://{BUCKET}/uploads/a.jpg", stored["VersionId"])
    dynamodb.put_item(TableName=RESULTS, Item=record(key))
    return Account(key, user(cloud, policy(cloud)), cloud.client)


def record(key: ImageKey) -> dict[str, Any]:
    """A record that waits for a review."""
    return {
        "image_url": {"S": key.image_url},
        "version": {"S": key.version},
        "outcome": {"S": "REVIEW"},
        "classification": {"S": "truck"},
        "confidence_score": {"N": "0.6"},
        "class_probabilities": {"M": {"truck": {"N": "0.6"}, "automobile": {"N": "0.4"}}},
        "audit": {"M": {"drawn": {"BOOL": False}, "probability": {"N": "0.2"}}},
        "model_digest": {"S": "sha256:model"},
        "recorded_at": {"S": "2026-01-01T00:00:00"},
        "waits_for": {"S": "REVIEW"},
    }


def policy(cloud: Cloud) -> str:
    """Deploy the stack; return the ARN of its policy."""
    given = {
        "Service": STACK,
        "ImageBucketName": BUCKET,
        "ResultsTableName": RESULTS,
        "ReviewsTableName": REVIEWS,
    }
    cloudformation = cloud.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateBody=TEMPLATE.read_text(encoding="utf-8"),
        Capabilities=["CAPABILITY_IAM"],
        Parameters=[{"ParameterKey": k, "ParameterValue": v} for k, v in given.items()],
    )
    wait = {"Delay": 1, "MaxAttempts": 30}
    cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig=wait)
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    [output] = stack["Outputs"]
    assert "ReviewerPolicyArn" == output["OutputKey"]
    return str(output["OutputValue"])


def user(cloud: Cloud, policy_arn: str) -> Callable[[str], Any]:
    """Create a user with this policy; return how to make clients of this user."""
    iam = cloud.client("iam")
    iam.create_user(UserName="anne")
    iam.attach_user_policy(UserName="anne", PolicyArn=policy_arn)
    keys = iam.create_access_key(UserName="anne")["AccessKey"]
    return lambda service: cloud.client(service, keys["AccessKeyId"], keys["SecretAccessKey"])


def is_denied(call: Callable[..., Any], **request: Any) -> bool:
    try:
        call(**request)
    except ClientError as exc:
        return exc.response["Error"]["Code"] in ("AccessDenied", "AccessDeniedException")
    return False


def test_reviewer_claims_reads_answers_and_takes_back(account: Account) -> None:
    queue = account.queue
    answer = Answer(
        "answer-1",
        account.key,
        Verdict.CLASS,
        "automobile",
        "anne",
        "2026-01-02T00:00:00",
        Reason.REVIEW,
        "",
        1.5,
    )

    assert [account.key] == [image.key for image in queue.claim(ANNE, 5)]
    assert PICTURE == Pictures(account.user("s3"), BUCKET).read(account.key).data
    assert queue.answer(answer, ANNE) is None
    assert 0 == sum(queue.waiting().values())
    assert Reason.REVIEW == queue.undo(account.key, "answer-1", ANNE).reason
    queue.release(ANNE, [account.key])
    assert queue.answer(replace(answer, answer_id="answer-2"), ANNE) is None
    assert account.user("cloudformation").describe_stacks(StackName=STACK)["Stacks"]


def test_reviewer_lets_a_suspicious_label_wait_again(account: Account) -> None:
    stored = account.root("s3").put_object(Bucket=BUCKET, Key="uploads/b.jpg", Body=PICTURE)
    key = ImageKey(f"s3://{BUCKET}/uploads/b.jpg", stored["VersionId"])
    account.root("dynamodb").put_item(TableName=RESULTS, Item=record(key))
    answer = Answer(
        "answer-b", key, Verdict.CLASS, "truck", "anne", "2026-01-02", Reason.REVIEW, "", 1.5
    )
    account.queue.answer(answer, ANNE)
    doubted = look_again(account.user("dynamodb"), RESULTS, REVIEWS, 5)
    assert key in [one.key for one in doubted]


def test_reviewer_sees_the_overview_without_metrics(account: Account) -> None:
    ssm = account.root("ssm")
    ssm.put_parameter(Name=CARD, Value='{"model_digest": "sha256:model"}', Type="String")
    user: Any = SimpleNamespace(
        **{name: account.user(name) for name in ("dynamodb", "cloudwatch", "ssm")}
    )
    service = Service(BUCKET, "", RESULTS, "", "", "archive/", None, REVIEWS)

    found = Collector(user, service, "scones-unlimited", account.queue.waiting).snapshot()

    assert isinstance(found.images, list)
    assert isinstance(found.waiting, list)
    assert {"model_digest": "sha256:model"} == found.card
    assert isinstance(found.outcomes, Missing)
    assert found.outcomes.permission


@pytest.mark.parametrize("attribute", ["outcome", "classification", "confidence_score"])
def test_reviewer_cannot_change_an_attribute_of_the_machine(
    account: Account, attribute: str
) -> None:
    update = {
        "TableName": RESULTS,
        "Key": account.record_key,
        "UpdateExpression": "SET #name = :value",
        "ExpressionAttributeNames": {"#name": attribute},
        "ExpressionAttributeValues": {":value": {"S": "ACCEPTED"}},
    }
    dynamodb = account.user("dynamodb")
    assert is_denied(dynamodb.update_item, **update)
    assert is_denied(dynamodb.transact_write_items, TransactItems=[{"Update": update}])


@pytest.mark.parametrize("bucket", [BUCKET, TRAINING])
def test_reviewer_reads_no_other_object(account: Account, bucket: str) -> None:
    version = account.root("s3").head_object(Bucket=bucket, Key="other")["VersionId"]
    s3 = account.user("s3")
    assert is_denied(s3.get_object, Bucket=bucket, Key="other", VersionId=version)


def test_reviewer_replaces_no_record_and_deletes_no_answer(account: Account) -> None:
    dynamodb = account.user("dynamodb")
    answer = {"image_url": {"S": account.key.image_url}, "answer": {"S": "any"}}
    assert is_denied(dynamodb.put_item, TableName=RESULTS, Item=record(account.key))
    assert is_denied(dynamodb.delete_item, TableName=REVIEWS, Key=answer)
    assert is_denied(dynamodb.scan, TableName=RESULTS)
    assert is_denied(dynamodb.scan, TableName=REVIEWS)


def test_reviewer_announces_no_outcome(account: Account) -> None:
    entry = {"Source": "scones-unlimited", "DetailType": "Image Decided", "Detail": "{}"}
    assert is_denied(account.user("events").put_events, Entries=[entry])
