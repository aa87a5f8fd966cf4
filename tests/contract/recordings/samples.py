"""Events, requests, results, errors, records and messages as the workflows get them."""

import json
from pathlib import Path
from typing import Any

EVENTS = Path(__file__).parents[3] / "events"
BUCKET = "scones-unlimited-images-123456789012"
KEY = "uploads/truck.png"
URL = f"s3://{BUCKET}/{KEY}"
# As long as those of S3, but not as random: the scan for secrets would take them for some.
VERSION = "VersionVersionVersionVersion0001"
ETAG = "aaaabbbbccccddddaaaabbbbccccdddd"
UPLOADED = "2026-01-15T09:30:00Z#0067A1B2C3D4E5F607"
EXECUTION = "arn:aws:states:eu-west-1:123456789012:execution:scones-unlimited-STANDARD:0a1b2c3d"
OTHER_EXECUTION = f"{EXECUTION}-other"
NOW = "2026-01-15T09:30:02.000Z"
MILLIS = 1768469402000
CONTEXT = {
    "Execution": {"Id": EXECUTION, "Name": "0a1b2c3d", "StartTime": "2026-01-15T09:30:01.755Z"},
    "State": {"Name": "A state", "RetryCount": 0},
    "StateMachine": {"Id": EXECUTION.replace("execution", "stateMachine").rpartition(":")[0]},
}


def event(name: str) -> dict[str, Any]:
    """Return a sample of the folder events."""
    found: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return found


DIRECT = event("workflow_image_url")
_SENT = event("workflow_s3_event")
_OBJECT = {**_SENT["detail"]["object"], "version-id": VERSION, "etag": ETAG}
UPLOAD = {**_SENT, "detail": {**_SENT["detail"], "object": _OBJECT}}
VERSIONED: dict[str, Any] = {
    "image_url": URL,
    "key": KEY,
    "version_id": VERSION,
    "version": VERSION,
    "uploaded_at": UPLOADED,
    "confidence_threshold": 0.8,
}
UNVERSIONED = {**VERSIONED, "version_id": None, "version": ETAG}
OF_CARD = {**VERSIONED, "confidence_threshold": 0}
NAMED: dict[str, Any] = {
    "image_url": f"s3://{BUCKET}/archive/höhle 1.png",
    "key": "archive/höhle 1.png",
    "version_id": None,
    "version": None,
    "uploaded_at": None,
    "confidence_threshold": 0.9,
}
# Variables of the first state, and the number of conditions that the next state evaluates. The
# last of them is true, if any.
ASSIGNED: dict[str, tuple[dict[str, Any], int]] = {
    "an image of another prefix": ({**VERSIONED, "key": "reports/truck.png"}, 1),
    "no key": ({**VERSIONED, "key": ""}, 1),
    "half a character in the key": ({**VERSIONED, "key": "uploads/\ud800.png"}, 2),
    "half a character in the version": ({**VERSIONED, "version": "v\udfff"}, 2),
    "two halves in two fields": ({**VERSIONED, "key": "uploads/\ud83d", "version": "\ude00"}, 2),
    "a key of 1,025 bytes": ({**VERSIONED, "key": "uploads/" + "a" * 1017}, 3),
    "a key of 1,026 bytes": ({**VERSIONED, "key": "uploads/" + "é" * 509}, 3),
    "a version of 1,028 bytes": ({**VERSIONED, "version": "😀" * 257}, 3),
    "an empty version": ({**VERSIONED, "version": ""}, 4),
    "a long time": ({**VERSIONED, "uploaded_at": UPLOADED + "0" * 80}, 5),
    "a time with a line break": ({**VERSIONED, "uploaded_at": "2026-01-15T09:30:00Z#\n"}, 5),
    "a time without a date": ({**VERSIONED, "uploaded_at": "09:30:00Z#00"}, 6),
    "a tiny threshold": ({**VERSIONED, "confidence_threshold": 9.99e-7}, 7),
    "a threshold above 1": ({**VERSIONED, "confidence_threshold": 2}, 7),
    "a threshold below 0": ({**VERSIONED, "confidence_threshold": -1}, 7),
    "a name": (NAMED, 9),
    "a version without a time": ({**VERSIONED, "uploaded_at": None}, 9),
    "a version and its time": (VERSIONED, 10),
    "an etag": (UNVERSIONED, 10),
    "a key of 1,024 bytes": ({**VERSIONED, "key": "uploads/" + "😀" * 254}, 10),
    "a version of 1,024 bytes": ({**VERSIONED, "version": "€" * 341 + "a"}, 10),
    "the smallest threshold": ({**VERSIONED, "confidence_threshold": 1e-6}, 10),
    "the threshold of the model card": (OF_CARD, 10),
}
IMAGE_HASH = "f0f0f0f08787c3c3"
EMBEDDING = "3da3642519b1:" + "A" * 92
PROBABILITIES: dict[str, Any] = {"automobile": 0.08, "truck": 0.92}
MODEL: dict[str, Any] = {
    "class_probabilities": PROBABILITIES,
    "endpoint": "scones-unlimited",
    "variant": "AllTraffic",
    "model_digest": "sha256:0123",
    "embedding": EMBEDDING,
}
ACCEPTED = {**event("image_decided")["detail"], "version": VERSION}
REVIEW = {
    **ACCEPTED,
    "outcome": "REVIEW",
    "passed_threshold": False,
    "confidence_score": 0.5000000000000001,
}
FAILED: dict[str, Any] = {
    "image_processed": False,
    "image_url": URL,
    "version": VERSION,
    "outcome": "FAILED",
    "error": "EndpointTimeoutError",
    "cause": "The endpoint did not answer within 8 s.",
    "confidence_threshold": 0.8,
    "processing_time_ms": 60245,
}
UNREADABLE: dict[str, Any] = {
    "image_processed": False,
    "image_url": URL,
    "version": VERSION,
    "outcome": "UNREADABLE",
    "error": "EmptyImageError",
    "cause": "The image is empty.",
    "processing_time_ms": 245,
}


FAILURE = {
    "execution": OTHER_EXECUTION,
    "Error": "States.Timeout",
    "Cause": "The execution ended as TIMED_OUT before it had recorded an outcome.",
}
# The failure in a request, and the number of evaluated conditions.
FAILURES: dict[str, tuple[Any, int]] = {
    "a failure": (FAILURE, 10),
    "a failure without a cause": ({**FAILURE, "Cause": None}, 8),
    "a failure whose execution is a list": ({**FAILURE, "execution": [OTHER_EXECUTION]}, 8),
    "a failure that is text": ("EndpointTimeoutError", 8),
    "a failure that is null": (None, 8),
}


def uploaded(**changes: Any) -> dict[str, Any]:
    """Return an S3 event whose object has changed fields; a field that is None is missing."""
    found = {**UPLOAD["detail"]["object"], **changes}
    known = {name: value for name, value in found.items() if value is not None}
    return {**UPLOAD, "detail": {**UPLOAD["detail"], "object": known}}


def function_error(name: str, message: str) -> dict[str, Any]:
    """Return the error output of a Lambda function that raises."""
    cause = {
        "errorMessage": message,
        "errorType": name,
        "requestId": "7Q3X",
        "stackTrace": ["  File ..."],
    }
    return {"Error": name, "Cause": json.dumps(cause)}


INPUTS: dict[str, Any] = {
    "an upload with a version": UPLOAD,
    "an upload to a bucket without versions": uploaded(**{"version-id": None}),
    "an upload whose key has spaces and letters": uploaded(key="uploads/höhle & so 1+2.png"),
    "an upload whose key has quotes": uploaded(key="uploads/a truck's {% 'b' %}.png"),
    "an upload without version and etag": uploaded(**{"version-id": None, "etag": None}),
    "an upload without a key": uploaded(key=None),
    "an upload without a bucket": {**UPLOAD, "detail": {"object": UPLOAD["detail"]["object"]}},
    "another event of S3": {**UPLOAD, "detail-type": "Object Deleted"},
    "a direct request": DIRECT,
    "a request for a version": {"image_url": URL, "version_id": VERSION},
    "a request for a version and time": {
        "image_url": URL,
        "version_id": VERSION,
        "uploaded_at": UPLOADED,
    },
    "a request of the backlog's list": {
        "image_url": f"s3://{BUCKET}/archive/1.png",
        "version_id": None,
        "uploaded_at": "",
        "confidence_threshold": 0.8,
        "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID": OTHER_EXECUTION,
    },
    "a request with an empty version": {
        "image_url": URL,
        "version_id": "",
        "uploaded_at": UPLOADED,
    },
    "a request with threshold 0": {"image_url": URL, "confidence_threshold": 0},
    "a request with threshold 1": {"image_url": URL, "confidence_threshold": 1},
    "a request with threshold 1.01": {"image_url": URL, "confidence_threshold": 1.01},
    "a request with threshold 2.0": {"image_url": URL, "confidence_threshold": 2.0},
    "a request with a threshold of many digits": {
        "image_url": URL,
        "confidence_threshold": 1.3000000000000003,
    },
    "a request with letters beyond ASCII": {
        "image_url": "s3://elsewhere/höhle \u2028 😀.png",
        "size": 1e21,
    },
    "a request with a negative threshold": {"image_url": URL, "confidence_threshold": -0.1},
    "a request whose threshold is text": {"image_url": URL, "confidence_threshold": "0.8"},
    "a request whose threshold is null": {"image_url": URL, "confidence_threshold": None},
    "a request whose threshold is a list": {"image_url": URL, "confidence_threshold": [0.8]},
    "a request of another bucket": {"image_url": "s3://elsewhere/uploads/truck.png"},
    "a request of another prefix": {"image_url": f"s3://{BUCKET}/reports/truck.png"},
    "a request whose URL is a number": {"image_url": 7},
    "a request whose URL is empty": {"image_url": ""},
    "a request without an image": {},
    "a request that is text": "uploads/truck.png",
    "a request that is a list": [DIRECT],
    "a long request": {"image_url": "x" * 600},
    "a request with half a character": {"image_url": f"s3://{BUCKET}/uploads/\ud800.png"},
    "a request whose version is a number": {"image_url": URL, "version_id": 7},
    "a request whose time is a list": {
        "image_url": URL,
        "version_id": VERSION,
        "uploaded_at": [1],
    },
    "a long request of ours": {"image_url": URL + "x" * 3000, "version_id": "v" * 3000},
    "a request that hides the bucket": {"image_url": f"s3://elsewhere/{BUCKET}/uploads/a.png"},
    "an upload to another bucket": {
        **UPLOAD,
        "detail": {**UPLOAD["detail"], "bucket": {"name": "elsewhere"}},
    },
    "an upload whose bucket is a number": {
        **UPLOAD,
        "detail": {**UPLOAD["detail"], "bucket": {"name": 7}},
    },
    "an upload whose key is a list": uploaded(key=["uploads/truck.png"]),
    "an upload with a long key": uploaded(key="uploads/" + "é" * 3000),
    "an upload whose version is empty": uploaded(**{"version-id": ""}),
    "an upload whose version is a number": uploaded(**{"version-id": 7}),
    "an upload whose version is an object": uploaded(**{"version-id": {"a": 7}}),
    "an upload whose etag is a list": uploaded(**{"version-id": None, "etag": [ETAG]}),
    "an upload without a sequencer": uploaded(sequencer=None),
    "an upload whose sequencer is an object": uploaded(sequencer={"a": 7}),
    "an upload without a time": {name: UPLOAD[name] for name in UPLOAD if name != "time"},
    "an upload whose time is null": {**UPLOAD, "time": None},
    "an upload whose detail is text": {**UPLOAD, "detail": "uploads/truck.png"},
}
REQUESTS_OF_BACKLOGS: dict[str, Any] = {
    "a prefix": {"prefix": "archive/"},
    "a prefix with limits": {
        "prefix": "archive/2025/",
        "max_concurrency": 5,
        "tolerated_failure_percentage": 0,
        "confidence_threshold": 0.95,
    },
    "a list": {"list": "backlog/images.csv"},
    "a list and a prefix": {
        "list": "backlog/images.csv",
        "prefix": "archive/",
        "confidence_threshold": 0,
    },
    "a list that is not a text": {"list": ["backlog/images.csv"]},
    "neither list nor prefix": {"folder": "archive/"},
    "no request": {},
}
STORED: dict[str, Any] = {
    "a version": {
        "VersionId": VERSION,
        "ETag": f'"{ETAG}"',
        "LastModified": "2026-01-15T09:30:00Z",
    },
    "an object of a bucket without versions": {
        "ETag": f'"{ETAG}"',
        "LastModified": "2026-01-15T09:30:00Z",
    },
    "an object from before versions": {
        "VersionId": "null",
        "ETag": f'"{ETAG}-2"',
        "LastModified": "2026-01-15T09:30:00Z",
        "ContentLength": 2519,
        "Metadata": {},
    },
}
OF_FUNCTIONS: dict[str, Any] = {
    "a function's error": function_error("EndpointTimeoutError", "No answer within 8 s."),
    "a function's error in two lines": function_error("CorruptImageError", 'One\n"a" {broken}.'),
    "a function's long error": function_error("OtherModelError", "x" * 3000),
}
ERRORS: dict[str, Any] = {
    "a function's error without a message": {
        "Error": "OtherModelError",
        "Cause": '{"errorType": "OtherModelError"}',
    },
    "a function's error that was cut off": {
        "Error": "OtherModelError",
        "Cause": '{"errorMessage": "The im',
    },
    "a timeout": {"Error": "States.Timeout"},
    "a throttled function": {
        "Error": "Lambda.TooManyRequestsException",
        "Cause": "Rate Exceeded. (Service: Lambda)",
    },
    "a function that left": {
        "Error": "Runtime.ExitError",
        "Cause": '{"errorType":"Runtime.ExitError","errorMessage":"RequestId: 7Q3X exited"}',
    },
    "data beyond the limit": {
        "Error": "States.DataLimitExceeded",
        "Cause": "The state returned a result too large.",
    },
    "an error without a name": {"Cause": "No name."},
}
ITEM_OF_ACCEPTED: dict[str, Any] = {
    "image_url": {"S": URL},
    "version": {"S": VERSION},
    "uploaded_at": {"S": UPLOADED},
    "outcome": {"S": "ACCEPTED"},
    "image_processed": {"BOOL": True},
    "passed_threshold": {"BOOL": True},
    "classification": {"S": "truck"},
    "confidence_score": {"N": "0.92"},
    "confidence_threshold": {"N": "0.8"},
    "processing_time_ms": {"N": "245"},
    "class_probabilities": {"M": {"automobile": {"N": "0.08"}, "truck": {"N": "0.92"}}},
    "endpoint": {"S": "scones-unlimited"},
    "variant": {"S": "AllTraffic"},
    "model_digest": {"S": "sha256:0123"},
    "image_hash": {"S": IMAGE_HASH},
    "audit": {"M": {"drawn": {"BOOL": False}, "probability": {"N": "0.01"}}},
    "execution": {"S": EXECUTION},
    "recorded_at": {"S": NOW},
}
ITEM_OF_FAILED = {
    "image_url": {"S": URL},
    "version": {"S": VERSION},
    "outcome": {"S": "FAILED"},
    "image_processed": {"BOOL": False},
    "error": {"S": "EndpointTimeoutError"},
    "cause": {"S": ""},
    "confidence_threshold": {"N": "0"},
    "execution": {"S": EXECUTION},
}
ITEM_OF_OPENED = {"image_url": {"S": URL}, "version": {"S": ETAG}, "opened_by": {"S": EXECUTION}}
ITEMS: dict[str, Any] = {
    "an accepted image": ITEM_OF_ACCEPTED,
    "a failed image": ITEM_OF_FAILED,
    "an opened record": ITEM_OF_OPENED,
    "an image of one class": {
        **ITEM_OF_ACCEPTED,
        "class_probabilities": {"M": {"truck": {"N": "1"}}},
    },
    "a score in scientific notation": {**ITEM_OF_ACCEPTED, "confidence_score": {"N": "1E-7"}},
}


S3_ERRORS: dict[str, Any] = {
    "a malformed version": "null (Service: S3, Status Code: 400, Request ID: 7Q3X)",
    "a delete marker": "null (Service: S3, Status Code: 405, Request ID: 7Q3X)",
    "a busy store": "Reduce your request rate. (Service: S3, Status Code: 503, Request ID: 7Q3X)",
}


def ended(**changes: Any) -> dict[str, Any]:
    """Return the event of an execution that ended badly."""
    detail = {
        "executionArn": OTHER_EXECUTION,
        "status": "FAILED",
        "input": json.dumps(UPLOAD),
        "error": "States.DataLimitExceeded",
        "cause": "The state returned a result too large.",
        **changes,
    }
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "detail": detail,
    }


def message(body: object, **attributes: str) -> list[dict[str, Any]]:
    """Return a message of the failure queue as the pipe reads it."""
    found = {name: {"stringValue": text, "dataType": "String"} for name, text in attributes.items()}
    return [{"messageId": "0d4a4bb2", "body": json.dumps(body), "messageAttributes": found}]


MESSAGES: dict[str, Any] = {
    "an execution that failed": message(ended()),
    "an execution that timed out": message(ended(status="TIMED_OUT", error=None, cause=None)),
    "an execution that was aborted": message(ended(status="ABORTED", error=None, cause=None)),
    "an execution without error": message(ended(status="ABORTED", error=None, cause="Stopped.")),
    "an execution of a direct request": message(ended(input=json.dumps(DIRECT))),
    "an execution whose input was refused": message(
        ended(error="InvalidImageUrlError", cause="This came instead: ...", input=None)
    ),
    "an execution whose input was left out": message(ended(error="States.Timeout", input=None)),
    "an execution that was aborted, of null": message(
        ended(status="ABORTED", error=None, cause=None, input="null")
    ),
    "an execution with a long cause": message(ended(cause="x" * 3000)),
    "an upload that was not delivered": message(
        UPLOAD,
        ERROR_CODE="NO_PERMISSIONS",
        ERROR_MESSAGE="Lack of permissions to invoke the target.",
    ),
    "an upload that was throttled": message(UPLOAD, ERROR_CODE="THROTTLING", ERROR_MESSAGE="Rate"),
}
ENDS: dict[str, dict[str, Any]] = {
    "succeeded": {"Status": "SUCCEEDED", "Output": "{}"},
    "was refused": {
        "Status": "FAILED",
        "Error": "InvalidImageUrlError",
        "Cause": "This came instead",
    },
    "failed": {
        "Status": "FAILED",
        "Error": "DynamoDB.ThrottlingException",
        "Cause": "Rate exceeded",
    },
    "timed out": {"Status": "TIMED_OUT", "Error": "States.Timeout"},
}
LISTED: dict[str, Any] = {
    "a line with a version": {"image_url": URL, "version_id": VERSION, "uploaded_at": UPLOADED},
    "a line without a version": {"image_url": URL, "version_id": "", "uploaded_at": ""},
}
OBJECT: dict[str, Any] = {
    "Key": "archive/höhle 1.png",
    "Size": 2519,
    "Etag": f'"{ETAG}"',
    "LastModified": 1768469400,
}
