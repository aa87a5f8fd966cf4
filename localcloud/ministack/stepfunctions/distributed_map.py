"""Distributed Map in JSONata, with its ``ResultWriter``; MiniStack's map knows JSONPath and works off every item.

Not here, as nothing in the service uses it: ``ItemBatcher``, ``WriterConfig``, ``MaxItems`` as an expression.
"""

from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import stepfunctions

from localcloud.ministack.patch import wrap
from localcloud.ministack.stepfunctions import map_results, workflow_role
from localcloud.ministack.stepfunctions.map_run import MapRun, Tolerance

READER_ERROR = "States.ItemReaderFailed"
START_ERROR = "StepFunctions.AWSStepFunctionsException"
type Evaluate = Callable[[str], Any]


def install() -> None:
    """Run the distributed maps of JSONata states here; those in JSONPath stay with MiniStack."""
    wrap(stepfunctions, "_run_distributed_map", "state_def raw_input effective iterator execution ctx", _run)


def _run(
    original: Callable[..., Any],
    state: Mapping[str, Any],
    raw_input: Any,
    effective: Any,
    processor: Mapping[str, Any],
    execution: dict[str, Any],
    context: Mapping[str, Any],
) -> Any:
    if stepfunctions._state_query_language(state, context) != "JSONata":
        return original(state, raw_input, effective, processor, execution, context)

    def evaluate(field: str, **more: Any) -> Any:
        return stepfunctions._apply_jsonata_template(state.get(field), raw_input, {**context, **more})

    # Every child is an execution, which the role has to be allowed to start.
    own = {"StateMachineArn": execution["stateMachineArn"]}
    workflow_role.authorize(execution, "arn:aws:states:::states:startExecution", own, START_ERROR)
    items = _read(execution, evaluate("ItemReader")) if "ItemReader" in state else _listed(evaluate("Items"), raw_input)
    tolerance = Tolerance(_number(evaluate, "ToleratedFailureCount"), _number(evaluate, "ToleratedFailurePercentage"))
    concurrency = int(_number(evaluate, "MaxConcurrency") or 0)
    writer = evaluate("ResultWriter")
    run = MapRun(execution, state.get("Label"), processor, context, len(items), tolerance, concurrency)

    def input_of(index: int) -> Any:
        item = {"Item": {"Index": index, "Value": items[index]}}
        return evaluate("ItemSelector", Map=item) if "ItemSelector" in state else items[index]

    run.work_off(input_of)
    result: Any = map_results.write(execution, writer, run) if writer else run.results()
    run.require_success()
    output = stepfunctions._apply_jsonata_output(state, raw_input, context, result=result, default=result)
    stepfunctions._apply_state_assign(state, raw_input, context, result=result)
    return output, stepfunctions._next_or_end(state)


def _number(evaluate: Evaluate, field: str) -> float | None:
    value = evaluate(field)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise stepfunctions._ExecutionError(
            "States.QueryEvaluationError", f"The field '{field}' must be a number and not negative, not {value!r}."
        )
    return value


def _listed(items: Any, raw_input: Any) -> list[Any]:
    found = raw_input if items is None else items
    if not isinstance(found, list):
        raise stepfunctions._ExecutionError("States.QueryEvaluationError", "The items of a Map must be an array.")
    return found


def _read(execution: Mapping[str, Any], reader: Mapping[str, Any]) -> list[Any]:
    """Read the items in the workflow's role; the reader's expressions are evaluated already."""
    resource = reader["Resource"].replace(":s3:", ":aws-sdk:s3:")
    workflow_role.authorize(execution, resource, reader["Arguments"], READER_ERROR)
    try:
        items = stepfunctions._read_map_items(reader, None, None)
    except (ValueError, LookupError, TypeError) as exc:
        raise stepfunctions._ExecutionError(READER_ERROR, f"{reader['Arguments']} could not be read: {exc}") from exc
    return list(items)
