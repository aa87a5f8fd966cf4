"""Answer the operations on map runs."""

from typing import Any

from localcloud.api.control_plane import Operation
from localcloud.stepfunctions.api.members import Members, present
from localcloud.stepfunctions.api.pages import cut_page
from localcloud.stepfunctions.api_errors import ExecutionMissingError, ResourceMissingError
from localcloud.stepfunctions.map_runs import MapRun
from localcloud.stepfunctions.store import Store


class MapRuns:
    """The operations, with their names as keys."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.operations: dict[str, Operation] = {
            "ListMapRuns": self._list,
            "DescribeMapRun": self._describe,
        }

    def _list(self, request: Members) -> Members:
        arn = request["executionArn"]
        if arn not in self._store.executions:
            raise ExecutionMissingError(f"Execution Does Not Exist: '{arn}'")
        runs = sorted(self._store.runs_of(arn), key=_place, reverse=True)
        page, token = cut_page(runs, request, _place)
        return {"mapRuns": [_summary(run) for run in page], **token}

    def _describe(self, request: Members) -> Members:
        arn = request["mapRunArn"]
        run = self._store.map_runs.get(arn)
        if run is None:
            raise ResourceMissingError(f"Map Run Does Not Exist: '{arn}'")

        return {
            **_summary(run),
            "status": run.status,
            "maxConcurrency": run.concurrency,
            "toleratedFailurePercentage": float(run.tolerance.percentage or 0),
            "toleratedFailureCount": int(run.tolerance.count or 0),
            "itemCounts": dict(run.counts),
            "executionCounts": dict(run.counts),
            "redriveCount": 0,
        }


def _place(run: MapRun) -> list[Any]:
    return [run.started, run.arn]


def _summary(run: MapRun) -> Members:
    shown = {
        "executionArn": run.parent_arn,
        "mapRunArn": run.arn,
        "stateMachineArn": run.machine_arn,
        "startDate": run.started,
        "stopDate": run.stopped,
    }
    return present(shown)
