"""Write the results of a Distributed Map as files to S3 (ResultWriter).

Source: Step Functions, "ResultWriter", Exporting to Amazon S3: names and format of the files.
"""

from collections.abc import Mapping
from typing import Any

from localcloud.stepfunctions.errors import RESULT_WRITER_FAILED, StateError
from localcloud.stepfunctions.executions import SUCCEEDED, Execution
from localcloud.stepfunctions.integrations import Integration, find_map_integration
from localcloud.stepfunctions.map_runs import MapRun
from localcloud.stepfunctions.payloads import to_text
from localcloud.stepfunctions.surroundings import Services


def write_results(
    execution: Execution, writer: Mapping[str, Any], map_run: MapRun, services: Services
) -> dict[str, Any]:
    """Write the results of a run's children; return the result of the Map state.

    Args:
        execution: the execution of the Map state; its role writes.
        writer: the ResultWriter of the state, with evaluated Arguments.
        map_run: the ended run; its id names the folder of the files.
        services: the services, with S3.

    Raises:
        StateError: States.ResultWriterFailed, the bucket is missing or refuses the files.
    """
    integration = find_map_integration(writer["Resource"])
    assert integration is not None, "refused when the state machine was created"
    bucket = writer["Arguments"]["Bucket"]
    prefix = writer["Arguments"].get("Prefix", "").rstrip("/")
    folder = f"{prefix}/{map_run.arn.rsplit(':', 1)[-1]}".lstrip("/")

    def put(key: str, content: Any) -> dict[str, Any]:
        return _put(execution, integration, services, {"Bucket": bucket, "Key": key}, content)

    rows: dict[str, list[dict[str, Any]]] = {"FAILED": [], "PENDING": [], "SUCCEEDED": []}
    for child in map_run.ordered:
        rows["SUCCEEDED" if child.status == SUCCEEDED else "FAILED"].append(child.described())

    files = {
        name: [put(f"{folder}/{name}_0.json", content)] if content else []
        for name, content in rows.items()
    }
    manifest = {"DestinationBucket": bucket, "MapRunArn": map_run.arn, "ResultFiles": files}
    written = put(f"{folder}/manifest.json", manifest)
    map_run.count_written()
    details = {"Bucket": bucket, "Key": written["Key"]}

    return {"MapRunArn": map_run.arn, "ResultWriterDetails": details}


def _put(
    execution: Execution,
    integration: Integration,
    services: Services,
    place: Mapping[str, str],
    content: Any,
) -> dict[str, Any]:
    body = to_text(content).encode()
    try:
        services.call(execution, integration, {**place, "Body": body})
    except StateError as exc:
        raise StateError(RESULT_WRITER_FAILED, exc.cause) from exc
    return {"Key": place["Key"], "Size": len(body)}
