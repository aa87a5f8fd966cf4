"""Imitate an AWS whose every text is hostile, within botocore's models."""

import io
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.response import StreamingBody

from cli.service import BACKLOG_WORKFLOW, OUTPUTS
from untrusted.tests.hostile_text import HOSTILE, KEY

ARN = f"arn:aws:states:us-east-1:123456789012:execution:image-classification:{HOSTILE}"
CARD = {
    "labels": [HOSTILE, "b"],
    "temperature": 1.0,
    "recommended_threshold": 0.5,
    "model_digest": HOSTILE,
}
CARD |= {
    "metrics": {},
    "training_job": HOSTILE,
    "created_at": HOSTILE,
    "backbone": HOSTILE,
    "endpoint": HOSTILE,
}
COMMENT = HOSTILE.replace("\n", "")  # in a drawing's tooltip, where line breaks may stay
JSON = {
    "Value": CARD,
    "definition": {
        "StartAt": "a",
        "States": {"a": {"Type": "Succeed", "Comment": COMMENT}},
        "Comment": COMMENT,
    },
    "input": {"image_url": f"s3://{HOSTILE}/{HOSTILE}", "list": HOSTILE},
    "output": {"outcome": HOSTILE, "error": HOSTILE},
    "Body": {
        "detail": {
            "executionArn": ARN,
            "input": json.dumps({"image_url": HOSTILE}),
            "status": HOSTILE,
        }
    },
}
PAGES = {
    "NextToken",
    "nextToken",
    "NextMarker",
    "Marker",
    "NextContinuationToken",
    "LastEvaluatedKey",
    "UnprocessedKeys",
}
PAGES |= {"NextKeyMarker", "NextVersionIdMarker"}

OUTPUT_NAMES = (*OUTPUTS.values(), BACKLOG_WORKFLOW)
TAGS = [{"Key": "project", "Value": "scones-unlimited"}, {"Key": "environment", "Value": "dev"}]
RECORD = {
    **{name: {"S": HOSTILE} for name in ("version", "error", "execution", "opened_by")},
    **{"image_url": {"S": f"s3://{HOSTILE}/{KEY}"}, "uploaded_at": {"S": "2026-11-23T06:20:11Z#"}},
    **{"recorded_at": {"S": "2026-11-23T06:20:12.345Z"}, "cause": {"S": HOSTILE}},
    **{"outcome": {"S": "FAILED"}, "opened_at": {"S": "2026-11-23T06:20:11+00:00"}},
}
TRUST = {
    "Effect": "Allow",
    "Principal": {"Service": "sagemaker.amazonaws.com"},
    "Action": "sts:AssumeRole",
}
ENTERED = datetime(2026, 11, 23, tzinfo=UTC)
ANSWERED: dict[str, Any] = {  # where a command would end before it showed much
    "Scan": {"Items": [RECORD]},
    "Query": {"Items": [RECORD]},
    "BatchGetItem": {"Responses": {}, "UnprocessedKeys": {}},
    "GetRole": {"Role": {"Arn": HOSTILE, "AssumeRolePolicyDocument": {"Statement": [TRUST]}}},
    "GetExecutionHistory": {
        "events": [
            {
                "type": "PassStateEntered",
                "timestamp": ENTERED,
                "stateEnteredEventDetails": {
                    "name": HOSTILE,
                    "input": json.dumps({HOSTILE: HOSTILE}),
                },
            },
            {
                "type": "ExecutionFailed",
                "timestamp": ENTERED,
                "executionFailedEventDetails": {"error": HOSTILE, "cause": HOSTILE},
            },
        ]
    },
    "ListTags": {"Tags": TAGS},
    "GetCallerIdentity": {"Account": "123456789012", "Arn": ARN, "UserId": HOSTILE},
    "ReceiveMessage": {},  # otherwise messages would never end
    "DescribeStacks": {
        "Stacks": [
            {
                "StackName": HOSTILE,
                "StackStatus": "CREATE_COMPLETE",
                "Outputs": [{"OutputKey": name, "OutputValue": HOSTILE} for name in OUTPUT_NAMES],
                "Tags": TAGS,
            }
        ]
    },
}

type Answer = Callable[..., Any]


def answering(*preferred: str) -> Answer:
    """Answer a client's calls completely with hostile texts, and with these statuses if any."""

    def call(client: BaseClient, operation: str, _arguments: dict[str, Any]) -> Any:
        if operation in ANSWERED:
            return ANSWERED[operation]
        shape = client.meta.service_model.operation_model(operation).output_shape
        return made(shape, "", preferred) if shape else {}

    return call


def refusing(code: str) -> Answer:
    """Refuse every call of a client with a hostile sentence."""

    def call(_client: BaseClient, operation: str, _arguments: dict[str, Any]) -> Any:
        answer: Any = {"Error": {"Code": code, "Message": HOSTILE}, "ResponseMetadata": {}}
        raise ClientError(answer, operation)

    return call


def made(shape: Shape, name: str, preferred: tuple[str, ...], depth: int = 0) -> Any:
    """A value of a shape of botocore's models."""
    if isinstance(shape, StructureShape):
        return {
            one: made(member, one, preferred, depth + 1)
            for one, member in shape.members.items()
            if one not in PAGES and depth < 9
        }
    if isinstance(shape, ListShape):
        return [made(shape.member, name, preferred, depth + 1)]
    if isinstance(shape, MapShape):
        return {HOSTILE: made(shape.value, name, preferred, depth + 1)}
    if isinstance(shape, StringShape):
        wanted = [status for status in preferred if status in shape.enum]
        return json.dumps(JSON[name]) if name in JSON else [*wanted, *shape.enum, HOSTILE][0]
    if shape.type_name == "blob":
        content = json.dumps({HOSTILE: HOSTILE}).encode()
        is_stream = shape.serialization.get("streaming")
        return StreamingBody(io.BytesIO(content), len(content)) if is_stream else content
    values: dict[str, Any] = {
        "boolean": False,
        "timestamp": datetime.now(UTC),
        "double": 1.0,
        "float": 1.0,
    }
    return values.get(shape.type_name, 1)
