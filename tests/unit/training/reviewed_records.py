"""A deployed service with images that people have reviewed."""

import io
import random
from dataclasses import dataclass, field
from typing import Any

import pytest
from PIL import Image

from cli.service import OUTPUTS, REVIEWS_TABLE
from tests.unit.training.fake_clients import with_fakes
from tests.unit.training.results_records import FakeCloudFormation
from training.steps.context import Context

BUCKET, RESULTS, REVIEWS = "images", "results", "reviews"


def noise(seed: int) -> bytes:
    """Return the file of an image whose motif no other seed has."""
    pixels = random.Random(seed).randbytes(32 * 32 * 3)
    buffer = io.BytesIO()
    Image.frombytes("RGB", (32, 32), pixels).save(buffer, "PNG")
    return buffer.getvalue()


class ServiceStack(FakeCloudFormation):
    """Describe the stack of a service, which has a reviews table or is too old for it."""

    def __init__(self, reviews: str | None = REVIEWS) -> None:
        super().__init__(RESULTS)
        self.reviews = reviews
        self.images = BUCKET
        self.asked: list[str] = []

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        self.asked.append(StackName)
        found = super().describe_stacks(StackName)
        outputs = found["Stacks"][0]["Outputs"]
        named = dict.fromkeys(OUTPUTS.values(), "") | {OUTPUTS["results_table"]: RESULTS}
        named |= {OUTPUTS["image_bucket"]: self.images}
        named |= {REVIEWS_TABLE: self.reviews} if self.reviews else {}
        outputs[:] = [{"OutputKey": name, "OutputValue": one} for name, one in named.items()]
        return found


@dataclass
class ReviewedService:
    """The tables and the image bucket of the service."""

    context: Context
    keys: list[tuple[str, str]] = field(default_factory=list)

    def upload(self, name: str, body: bytes) -> tuple[str, str]:
        """Upload an image, and return its URL and its version."""
        s3 = self.context.aws.s3
        stored = s3.put_object(Bucket=BUCKET, Key=f"uploads/{name}", Body=body)
        return f"s3://{BUCKET}/uploads/{name}", stored.get("VersionId") or stored["ETag"].strip('"')

    def review(
        self,
        name: str,
        label: str | None = "car",
        *,
        body: bytes | None = None,
        drawn: bool = False,
        probability: str = "0.2",
        verdict: str = "CLASS",
        **changes: Any,
    ) -> tuple[str, str]:
        """Upload an image, record the model's decision, and complete its review.

        The model always says "truck". A change replaces an attribute of the record; None removes
        it.
        """
        url, version = key = self.upload(name, body or noise(len(self.keys)))
        self.keys.append(key)
        review = {"verdict": {"S": verdict}, "reviewer": {"S": "anne"}, "reason": {"S": "REVIEW"}}
        review |= {"reviewed_at": {"S": f"2030-01-01T00:{len(self.keys):02}:00+00:00"}}
        review |= {"class": {"S": label}} if label and verdict == "CLASS" else {}
        audit = {"drawn": {"BOOL": drawn}, "probability": {"N": probability}}
        item = {
            "image_url": {"S": url},
            "version": {"S": version},
            "outcome": {"S": "REVIEW"},
            "classification": {"S": "truck"},
            "recorded_at": {"S": "2030-01-01T00:00:00.123Z"},
            "audit": {"M": audit},
            "review": {"M": review},
        } | changes
        present: Any = {name: value for name, value in item.items() if value is not None}
        dynamodb = self.context.aws.dynamodb
        dynamodb.put_item(TableName=RESULTS, Item=present)
        answer = {"image_url": {"S": url}, "answer": {"S": f"{version}#1"}}
        dynamodb.put_item(TableName=REVIEWS, Item={**answer, "version": {"S": version}})
        return key


@pytest.fixture
def service_stack() -> ServiceStack:
    """The stack of a service with a reviews table."""
    return ServiceStack()


@pytest.fixture
def service_context(context: Context, service_stack: ServiceStack) -> Context:
    """A step's context, in an account with the service."""
    return with_fakes(context, cloudformation=service_stack)


@pytest.fixture
def service(context: Context) -> ReviewedService:
    """The service's tables and its bucket, which has versions."""
    for table, keys in ((RESULTS, ("image_url", "version")), (REVIEWS, ("image_url", "answer"))):
        kinds = zip(keys, ("HASH", "RANGE"), strict=True)
        properties: dict[str, Any] = {
            "TableName": table,
            "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{"AttributeName": k, "AttributeType": "S"} for k in keys],
            "KeySchema": [{"AttributeName": name, "KeyType": kind} for name, kind in kinds],
        }
        context.aws.dynamodb.create_table(**properties)
    context.aws.s3.create_bucket(Bucket=BUCKET)
    versions: Any = {"Status": "Enabled"}
    context.aws.s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration=versions)
    return ReviewedService(context)
