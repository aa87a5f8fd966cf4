"""Run Parallel and inline Map states: branches and iterations inside one execution."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from itertools import count
from typing import Any

from localcloud.stepfunctions.errors import StateError
from localcloud.stepfunctions.life import Life
from localcloud.stepfunctions.outcome import Outcome, finished
from localcloud.stepfunctions.payloads import Payload
from localcloud.stepfunctions.retries import attempted
from localcloud.stepfunctions.runtime import Runtime
from localcloud.stepfunctions.scope import Scope
from localcloud.stepfunctions.states import distributed
from localcloud.stepfunctions.states.items import listed, number

type State = Mapping[str, Any]

# Step Functions, "Using Map state in Inline mode": at most 40 iterations at once.
_MOST_ITERATIONS = 40


def run_parallel(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    """Run all branches on the same input, and return the array of their outputs."""

    def attempt() -> Outcome:
        arguments = given
        if "Arguments" in state:
            arguments = Payload(scope.evaluate("Arguments", state["Arguments"], given))

        scope.add("ParallelStateStarted")
        life = Life(scope.life)
        works = [
            _branch(branch, arguments, scope.branch(life), runtime) for branch in state["Branches"]
        ]
        outputs = _side_by_side(works, len(works), life, scope, runtime, "ParallelState")
        result = Payload(outputs)

        return finished(state, given, scope, default=result, result=result.value)

    return attempted(state, given, scope, runtime, attempt)


def run_map(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    """Run the processor on every item: inline, or as child executions of a distributed map."""
    processor = state["ItemProcessor"]
    if processor.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        return attempted(
            state,
            given,
            scope,
            runtime,
            lambda: distributed.run(state, given, scope, runtime),
        )

    return attempted(state, given, scope, runtime, lambda: _inline(state, given, scope, runtime))


def _inline(state: State, given: Payload, scope: Scope, runtime: Runtime) -> Outcome:
    items = listed(state, given, scope)
    concurrency = int(number(state, "MaxConcurrency", given, scope) or _MOST_ITERATIONS)
    scope.add("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})
    life = Life(scope.life)
    name = scope.state_name

    def iterate(index: int, value: Any) -> Any:
        item = {"Index": index, "Value": value}
        inner = scope.branch(life, item)
        details = {"name": name, "index": index}
        inner.add("MapIterationStarted", mapIterationStartedEventDetails=details)
        entry = value
        if "ItemSelector" in state:
            context = scope.with_item(item)
            entry = scope.evaluate("ItemSelector", state["ItemSelector"], given, context=context)

        output = runtime.walk(state["ItemProcessor"], Payload(entry), inner).value
        inner.add("MapIterationSucceeded", mapIterationSucceededEventDetails=details)

        return output

    works = [_iteration(iterate, index, value) for index, value in enumerate(items)]
    outputs = _side_by_side(works, concurrency, life, scope, runtime, "MapState")
    result = Payload(outputs)

    return finished(state, given, scope, default=result, result=result.value)


def _branch(
    branch: Mapping[str, Any], given: Payload, scope: Scope, runtime: Runtime
) -> Callable[[], Any]:
    return lambda: runtime.walk(branch, given, scope).value


def _iteration(iterate: Callable[[int, Any], Any], index: int, value: Any) -> Callable[[], Any]:
    return lambda: iterate(index, value)


def _side_by_side(
    works: list[Callable[[], Any]],
    concurrency: int,
    life: Life,
    scope: Scope,
    runtime: Runtime,
    kind: str,
) -> list[Any]:
    """Do all work with limited concurrency; return the results in order.

    The first failure ends the rest, and is raised without waiting for running calls.
    """
    results: dict[int, Any] = {}
    numbers = count()

    def work_off() -> None:
        for index in _below(numbers, len(works)):
            life.require()
            results[index] = works[index]()

    workers: list[Future[Any]] = [
        runtime.threads.submit(work_off) for _ in range(min(concurrency, len(works)))
    ]
    wait(workers, return_when=FIRST_EXCEPTION)
    failures = [error for worker in workers if worker.done() and (error := worker.exception())]
    scope.life.require()
    if failures:
        life.end()
        scope.add(f"{kind}Failed")
        # Branches that the first failure ended have not failed themselves.
        raise next((error for error in failures if isinstance(error, StateError)), failures[0])

    scope.add(f"{kind}Succeeded")

    return [results[index] for index in range(len(works))]


def _below(numbers: Iterator[int], end: int) -> Iterator[int]:
    # next() of a count is one step of the interpreter, so that threads can share it.
    while (number := next(numbers)) < end:
        yield number
