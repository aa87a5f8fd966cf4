"""Write events, metrics and logs of executions into MiniStack."""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import eventbridge

from localcloud.ministack.cloudwatch.metric_store import record
from localcloud.ministack.logs.log_lines import write_lines


class MiniStackTelemetry:
    """Implement `localcloud.stepfunctions.surroundings.Telemetry` with MiniStack."""

    def __init__(self, account: str) -> None:
        self._account = account

    def announce(self, region: str, detail: Mapping[str, Any]) -> None:
        """Put the event of a status change on the default event bus."""
        entry = {
            "Source": "aws.states",
            "DetailType": "Step Functions Execution Status Change",
            "Detail": json.dumps(detail),
            "Resources": [detail["executionArn"]],
        }
        with request_scope(self._account, region):
            eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    def count(self, region: str, metric: str, machine_arn: str) -> None:
        """Count an execution."""
        with request_scope(self._account, region):
            record("AWS/States", metric, 1, {"StateMachineArn": machine_arn}, "Count")

    def log(self, region: str, group_arn: str, stream: str, lines: Iterable[str]) -> None:
        """Write lines to a log group."""
        with request_scope(self._account, region):
            write_lines(group_arn, stream, lines)
