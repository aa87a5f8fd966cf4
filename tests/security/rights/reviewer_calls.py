"""The calls that `scones review` makes with the policy of stacks/reviewers.yaml.

`<...>` stands for any text.
"""

from collections.abc import Iterator

from localcloud.server.settings import ACCOUNT, REGION
from tests.security.rights.policies import ENDPOINT, STACK
from tests.workflow.least_privilege.policies import Call

POLICY = "ReviewerPolicy"
# Attributes that records.py, leases.py and second_look.py of review/service name in their
# updates of a record.
LEASE = ("image_url", "version", "waits_for", "reviewers", "lease_holder", "lease_until")
ANSWER = (*LEASE, "review", "review_revision")
SECOND_LOOK = ("image_url", "version", "waits_for", "second_look", "review", "review_revision")
_KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/<id>"


def calls() -> Iterator[Call]:
    """Yield all of them."""
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{STACK.name}/<id>"
    yield Call(POLICY, "cloudformation:DescribeStacks", stack)
    yield from _on_tables()
    yield from _on_images()
    card = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/scones-unlimited/endpoints/{ENDPOINT}"
    yield Call(POLICY, "ssm:GetParameter", card)
    yield Call(POLICY, "ssm:GetParameters", f"{card}/classes/<list>")
    # Service Authorization Reference, "Amazon EventBridge": condition keys of PutEvents.
    bus = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    for detail_type in ("Image Reviewed", "Image Review Undone"):
        sent = {("events:source", "scones-unlimited"), ("events:detail-type", detail_type)}
        yield Call(POLICY, "events:PutEvents", bus, frozenset(sent))


def _on_tables() -> Iterator[Call]:
    results, reviews = STACK.named("ResultsTable"), STACK.named("ReviewsTable")
    yield Call(POLICY, "dynamodb:Query", f"{results.arn}/index/WaitingImages")
    yield Call(POLICY, "dynamodb:GetItem", results.arn)
    # Amazon DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access
    # control": dynamodb:Attributes lists the attributes that a request names.
    for named in (LEASE, ANSWER, SECOND_LOOK):
        yield Call(
            POLICY,
            "dynamodb:UpdateItem",
            results.arn,
            frozenset({("dynamodb:attributes", named)}),
        )
    yield Call(POLICY, "dynamodb:PutItem", reviews.arn)
    yield Call(POLICY, "dynamodb:Query", reviews.arn)
    yield Call(POLICY, "dynamodb:Query", f"{reviews.arn}/index/AnswersByTime")
    for table in (results, reviews):
        yield _decrypt("dynamodb", "kms:encryptioncontext:aws:dynamodb:tablename", table.name)


def _on_images() -> Iterator[Call]:
    bucket = STACK.named("ImageBucket").arn
    for prefix in ("uploads/", "archive/"):
        yield Call(POLICY, "s3:GetObjectVersion", f"{bucket}/{prefix}<key>")
    # With a bucket key S3 sends the bucket's ARN, otherwise the object's.
    for arn in (bucket, f"{bucket}/uploads/<key>", f"{bucket}/archive/<key>"):
        yield _decrypt("s3", "kms:encryptioncontext:aws:s3:arn", arn)


def _decrypt(service: str, key: str, value: str) -> Call:
    conditions = {("kms:viaservice", f"{service}.{REGION}.amazonaws.com"), (key, value)}
    return Call(POLICY, "kms:Decrypt", _KEY, frozenset(conditions))
