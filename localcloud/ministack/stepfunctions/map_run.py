"""A map run: the child executions of a Distributed Map, at most so many at once, and their counts while it runs."""

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass
from threading import Lock
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.stepfunctions.nested_executions import described, stop
from localcloud.ministack.stepfunctions.packed_histories import pack_later
from localcloud.ministack.stepfunctions.unexpected_errors import ERROR, describe

# Step Functions runs 10,000 at once where a map names no MaxConcurrency; each is a thread here.
_DEFAULT_CONCURRENCY = 40
_COUNTS = "pending running succeeded failed timedOut aborted total resultsWritten failuresNotRedrivable pendingRedrive"
_logger = logging.getLogger(__name__)
type Record = dict[str, Any]


@dataclass(frozen=True)
class Tolerance:
    """How many of a map's items may fail: a number, a percentage, both, or none at all where neither is given."""

    count: float | None = None
    percentage: float | None = None

    def is_exceeded(self, failed: int, total: int) -> bool:
        """Tell whether so many failures among so many items are too many."""
        if self.count is None and self.percentage is None:
            return failed > 0
        return (self.count is not None and failed > self.count) or (
            self.percentage is not None and failed * 100 > self.percentage * total
        )


class MapRun:
    """The children of one Map state, as ListMapRuns, DescribeMapRun and ListExecutions show them.

    Args:
        parent: the record of the execution whose state this is.
        label: names the children's state machine; None is a new name for every run.
        processor: the state's ItemProcessor.
        context: the context object of the parent, which knows the query language of its states.
        total: how many items there are.
        tolerance: how many of them may fail.
        max_concurrency: 0 is as many as this cloud can.
    """

    def __init__(
        self,
        parent: Record,
        label: str | None,
        processor: Mapping[str, Any],
        context: Mapping[str, Any],
        total: int,
        tolerance: Tolerance,
        max_concurrency: int,
    ) -> None:
        self._parent = parent
        self._machine = f"{parent['stateMachineArn']}/{label or stepfunctions.new_uuid()}"
        self._processor = processor
        self._context = context
        self._tolerance = tolerance
        self._lock = Lock()
        self._children: dict[int, Record] = {}  # by the index of the item
        counts = dict.fromkeys(_COUNTS.split(), 0) | {"total": total, "pending": total}
        self.arn = f"{self._machine.replace(':stateMachine:', ':mapRun:')}:{stepfunctions.new_uuid()}"
        self._record: Record = {
            "mapRunArn": self.arn,
            "executionArn": parent["executionArn"],
            "status": "RUNNING",
            "startDate": stepfunctions.now_iso(),
            "maxConcurrency": max_concurrency,
            "toleratedFailurePercentage": tolerance.percentage or 0.0,
            "toleratedFailureCount": int(tolerance.count or 0),
            "itemCounts": counts,
            "executionCounts": dict(counts),
            "redriveCount": 0,
            "_stateMachineArn": self._machine,
        }
        self._end_interrupted()
        stepfunctions._map_runs[self.arn] = self._record

    @property
    def children(self) -> list[Record]:
        """The records of the children, in the order of their items; there are fewer if the run ended early."""
        return [child for _, child in sorted(self._children.items())]

    def work_off(self, input_of: Callable[[int], Any]) -> None:
        """Run a child for every item, until too many have failed or the parent was stopped.

        Args:
            input_of: evaluates the input of the child for the item with this index.

        Raises:
            stepfunctions._ExecutionError: what ``input_of`` raises.
        """
        total = self._record["itemCounts"]["total"]
        indices = iter(range(total))
        workers = min(self._record["maxConcurrency"] or _DEFAULT_CONCURRENCY, total)
        try:
            with ThreadPoolExecutor(max(workers, 1)) as pool:
                runs = [pool.submit(copy_context().run, self._run_children, indices, input_of) for _ in range(workers)]
            for run in runs:
                run.result()
        finally:
            self._record["status"] = self._status_at_end()
            self._record["stopDate"] = stepfunctions.now_iso()

    def require_success(self) -> None:
        """Raise stepfunctions._ExecutionError, States.ExceedToleratedFailureThreshold, if too many have failed."""
        if self._record["status"] == "FAILED":
            raise stepfunctions._ExecutionError(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )

    def count_written(self) -> None:
        """Note that what became of the children was written."""
        for counts in (self._record["itemCounts"], self._record["executionCounts"]):
            counts["resultsWritten"] = len(self._children)

    def results(self) -> list[Any]:
        """The children's outputs in the order of the items, and for a failed one what is known of it."""
        # Step Functions, "ResultWriter", Transformation: a failed execution is returned as with NONE.
        return [
            json.loads(child["output"]) if child["status"] == "SUCCEEDED" else described(child)
            for child in self.children
        ]

    def _run_children(self, indices: Iterator[int], input_of: Callable[[int], Any]) -> None:
        while (index := self._next(indices)) is not None:
            child = self._add(index, input_of(index))
            self._run(child)
            self._count("running", {"SUCCEEDED": "succeeded", "FAILED": "failed"}.get(child["status"], "aborted"))
            if not self._goes_on():
                self._stop_children()

    def _next(self, indices: Iterator[int]) -> int | None:
        with self._lock:
            return next(indices, None) if self._goes_on() else None

    def _goes_on(self) -> bool:
        counts = self._record["itemCounts"]
        failed = self._tolerance.is_exceeded(counts["failed"], counts["total"])
        return self._parent["status"] == "RUNNING" and not failed

    def _status_at_end(self) -> str:
        if self._parent["status"] != "RUNNING":
            return "ABORTED"
        return "SUCCEEDED" if self._goes_on() and not self._record["itemCounts"]["pending"] else "FAILED"

    def _count(self, before: str, after: str) -> None:
        with self._lock:
            for counts in (self._record["itemCounts"], self._record["executionCounts"]):
                counts[before] -= 1
                counts[after] += 1

    def _add(self, index: int, child_input: Any) -> Record:
        name = stepfunctions.new_uuid()
        child = {
            "executionArn": f"{self._machine.replace(':stateMachine:', ':execution:')}:{name}",
            "stateMachineArn": self._machine,
            "name": name,
            "status": "RUNNING",
            "startDate": stepfunctions.now_iso(),
            "stopDate": None,
            "input": json.dumps(child_input),
            "output": None,
            "mapRunArn": self.arn,
            "events": [],
            "testCase": "",
            "mockAttempts": {},
        }
        self._children[index] = stepfunctions._executions[child["executionArn"]] = child
        self._count("pending", "running")
        return child

    def _run(self, child: Record) -> None:
        try:
            end = {"status": "SUCCEEDED", "output": json.dumps(self._output(child))}
        except stepfunctions._ExecutionError as exc:
            end = {"status": "FAILED", "error": exc.error, "cause": exc.cause}
        except Exception as exc:
            _logger.exception("Unexpected error in execution %s", child["executionArn"])
            end = {"status": "FAILED", "error": ERROR, "cause": describe(exc)}
        if child["status"] == "RUNNING":  # else it was stopped
            child.update(end, stopDate=stepfunctions.now_iso())
        pack_later(child)

    def _output(self, child: Record) -> Any:
        given = json.loads(child["input"])
        context = {
            "QueryLanguage": self._context["QueryLanguage"],
            "Execution": {
                "Id": child["executionArn"],
                "Input": given,
                "Name": child["name"],
                "StartTime": child["startDate"],
            },
            "StateMachine": {"Id": self._machine, "Name": self._context["StateMachine"]["Name"]},
            "variables": {},  # those of the parent are not seen here
        }
        states, first = self._processor["States"], self._processor["StartAt"]
        return stepfunctions._run_sub_machine(states, first, given, child, context)

    def _stop_children(self) -> None:
        for child in self.children:
            if child["status"] == "RUNNING":
                stop(child["executionArn"])

    def _end_interrupted(self) -> None:
        # An execution that the end of the server interrupted starts again, and its map with it.
        for run in stepfunctions._map_runs.values():
            if run["executionArn"] == self._parent["executionArn"] and run["_stateMachineArn"] == self._machine:
                run["status"] = "ABORTED" if run["status"] == "RUNNING" else run["status"]
