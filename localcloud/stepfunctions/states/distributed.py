"""Run distributed Map states: every item is the input of a child execution."""

import json
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from itertools import count
from typing import Any
from uuid import uuid4

from localcloud.stepfunctions.errors import EXCEED_TOLERATED_FAILURES, StateError
from localcloud.stepfunctions.executions import SUCCEEDED
from localcloud.stepfunctions.integrations import find_integration
from localcloud.stepfunctions.map_runs import MapRun, Tolerance
from localcloud.stepfunctions.outcome import Outcome, finished
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states.items import number, read_items
from localcloud.stepfunctions.states.results import write_results

type State = Mapping[str, Any]

# Without MaxConcurrency, Step Functions runs 10,000 children at once; here each is a thread.
_DEFAULT_CONCURRENCY = 40


def run(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    """Run a child for every item, until too many have failed or the execution was stopped.

    Raises:
        StateError: States.ExceedToleratedFailureThreshold, or the items cannot be read, or the
            results cannot be written, or the role may not start executions.
    """
    execution = scope.execution
    start = find_integration("arn:aws:states:::states:startExecution")
    assert start is not None
    # Every child is an execution, so the role needs the permission to start it.
    runtime.services.require(execution, start, {"StateMachineArn": execution.machine_arn})
    map_run = MapRun(
        execution.arn,
        f"{execution.machine_arn}/{state.get('Label') or uuid4()}",
        Tolerance(
            number(state, "ToleratedFailureCount", given, scope),
            _percentage(state, given, scope),
        ),
        int(number(state, "MaxConcurrency", given, scope) or 0),
        parent=execution,
        processor=state["ItemProcessor"],
    )
    runtime.start_map_run(map_run)
    scope.add("MapStateStarted")
    scope.add("MapRunStarted", mapRunStartedEventDetails={"mapRunArn": map_run.arn})

    try:
        result = _result(state, given, scope, runtime, map_run)
    except StateError as exc:
        map_run.fail()
        details = {"error": exc.error, "cause": exc.cause}
        scope.add("MapRunFailed", mapRunFailedEventDetails=details)
        scope.add("MapStateFailed")
        raise

    scope.add("MapRunSucceeded")
    scope.add("MapStateSucceeded")

    return finished(state, given, scope, default=Payload(result), result=result)


def _percentage(state: State, given: Payload, scope: Scope) -> float | None:
    field = "ToleratedFailurePercentage"
    percentage = number(state, field, given, scope)
    if percentage is not None and percentage > 100:
        raise scope.failure(field, f"{field} must be between 0 and 100.")
    return percentage


def _result(state: State, given: Payload, scope: Scope, runtime: Runtime, map_run: MapRun) -> Any:
    """Run the children, write their results with a ResultWriter, and return the map's result."""
    items = read_items(state, given, scope, runtime)
    map_run.expect(len(items))
    writer = None
    if "ResultWriter" in state:
        writer = scope.evaluate("ResultWriter", state["ResultWriter"], given)

    def input_of(index: int) -> Payload:
        if "ItemSelector" not in state:
            return Payload(items[index])
        context = scope.with_item({"Index": index, "Value": items[index]})
        selected = scope.evaluate("ItemSelector", state["ItemSelector"], given, context=context)
        return Payload(selected)

    _work_off(map_run, input_of, runtime)
    scope.life.require()
    result: Any = _outputs(map_run)
    if writer is not None:
        result = write_results(scope.execution, writer, map_run, runtime.services)

    if map_run.failed_too_often:
        message = "The specified tolerated failure threshold was exceeded"
        raise StateError(EXCEED_TOLERATED_FAILURES, message)

    return result


def _work_off(map_run: MapRun, input_of: Callable[[int], Payload], runtime: Runtime) -> None:
    numbers = count()

    def work() -> None:
        while map_run.may_start_more and (index := next(numbers)) < map_run.total:
            child = runtime.run_child(map_run, index, input_of(index))
            map_run.count_end(child)
            if not map_run.may_start_more:
                for other in map_run.ordered:
                    runtime.abort(other)

    width = min(map_run.concurrency or _DEFAULT_CONCURRENCY, map_run.total)
    workers = [runtime.threads.submit(work) for _ in range(width)]

    try:
        wait(workers)
        for worker in workers:
            worker.result()
    finally:
        map_run.end()


def _outputs(map_run: MapRun) -> list[Any]:
    # Step Functions, "ResultWriter", Transformation: a failed child is returned as with NONE.
    return [
        json.loads(child.output or "null") if child.status == SUCCEEDED else child.described()
        for child in map_run.ordered
    ]
