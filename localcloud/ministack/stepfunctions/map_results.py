"""The ``ResultWriter`` of a Distributed Map: what became of its child executions, as files in S3."""

import json
from collections.abc import Mapping
from typing import Any

from ministack.services import s3, stepfunctions

from localcloud.ministack.stepfunctions import workflow_role
from localcloud.ministack.stepfunctions.map_run import MapRun
from localcloud.ministack.stepfunctions.nested_executions import described

ERROR = "States.ResultWriterFailed"


def write(execution: Mapping[str, Any], writer: Mapping[str, Any], run: MapRun) -> dict[str, Any]:
    """Write what became of a run's children; return the result of its Map state.

    Args:
        execution: the one whose Map state this is; its role writes.
        writer: the state's ResultWriter, with its Arguments evaluated.
        run: the run, which has ended; its id names the folder of the files.

    Source: Step Functions, "ResultWriter", Exporting to Amazon S3: the names and the form of the files.

    Raises:
        stepfunctions._ExecutionError: States.ResultWriterFailed, the bucket is not there or may not be written to.
    """
    bucket = writer["Arguments"]["Bucket"]
    prefix = writer["Arguments"].get("Prefix", "").rstrip("/")
    folder = f"{prefix}/{run.arn.rsplit(':', 1)[-1]}".lstrip("/")
    rows: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for child in run.children:
        rows["SUCCEEDED" if child["status"] == "SUCCEEDED" else "FAILED"].append(described(child))
    files = {
        name: [_put(execution, bucket, f"{folder}/{name}_0.json", content)] if content else []
        for name, content in rows.items()
    }
    manifest = {"DestinationBucket": bucket, "MapRunArn": run.arn, "ResultFiles": files}
    written = _put(execution, bucket, f"{folder}/manifest.json", manifest)
    run.count_written()
    return {"MapRunArn": run.arn, "ResultWriterDetails": {"Bucket": bucket, "Key": written["Key"]}}


def _put(execution: Mapping[str, Any], bucket: str, key: str, content: Any) -> dict[str, Any]:
    body = json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode()
    location = {"Bucket": bucket, "Key": key}
    workflow_role.authorize(execution, "arn:aws:states:::aws-sdk:s3:putObject", location, ERROR)
    status, _, answer = s3._put_object(bucket, key, body, {"content-type": "application/json"})
    if status != 200:
        raise stepfunctions._ExecutionError(ERROR, f"s3://{bucket}/{key} could not be written: {answer.decode()}")
    return {"Key": key, "Size": len(body)}
