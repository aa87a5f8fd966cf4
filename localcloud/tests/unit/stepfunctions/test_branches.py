"""Parallel, and Map in its inline mode."""

import threading
from typing import Any

from localcloud.tests.unit.stepfunctions.conftest import SECONDS, Interpreted, entered, kinds

PASS = {"Type": "Pass", "End": True}


def machine(state: dict[str, Any]) -> dict[str, Any]:
    return {"StartAt": "Only", "States": {"Only": state}}


def mapped(state: dict[str, Any], **fields: Any) -> dict[str, Any]:
    processor = {"StartAt": "Item", "States": {"Item": state}}
    return {"Map": {"Type": "Map", "ItemProcessor": processor, "End": True, **fields}}


def parallel(*branches: dict[str, Any], **fields: Any) -> dict[str, Any]:
    named = [
        {"StartAt": f"B{number}", "States": {f"B{number}": branch}}
        for number, branch in enumerate(branches)
    ]
    return {"Parallel": {"Type": "Parallel", "Branches": named, "End": True, **fields}}


def test_outputs_keep_the_order_of_branches(states: Interpreted) -> None:
    first = {**PASS, "Output": "{% $states.input.n + 1 %}"}
    second = {**PASS, "Output": "{% $states.input.n + 2 %}"}
    assert [2, 3] == states.output(parallel(first, second, Arguments={"n": 1}))


def test_branch_sees_outer_variables_and_keeps_its_own(states: Interpreted) -> None:
    branch = {**PASS, "Assign": {"inner": 1}, "Output": "{% $outer %}"}
    start = {"Type": "Pass", "Assign": {"outer": 7}, "Next": "Parallel"}
    machine = {"Start": start, **parallel(branch)}
    machine["Parallel"] |= {"Output": "{% [$states.result, $exists($inner)] %}"}
    assert [7, False] == states.output(machine)


def test_failure_of_a_branch_can_be_caught_by_its_name(states: Interpreted) -> None:
    bad = {"Type": "Fail", "Error": "BadError", "Cause": "It is bad."}
    catch = [{"ErrorEquals": ["BadError"], "Next": "Caught"}]
    machine = {**parallel(PASS, bad, Catch=catch), "Caught": {"Type": "Succeed"}}
    assert {"Error": "BadError", "Cause": "It is bad."} == states.output(machine)


def test_failure_of_a_branch_ends_the_others(states: Interpreted) -> None:
    released = threading.Event()

    def release(_arguments: object) -> None:
        released.set()
        threading.Event().wait(0.02)  # the other branch would continue now

    states.services.operations |= {"GetItem": lambda _: released.wait(SECONDS), "PutItem": release}
    task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem"}
    going_on = {
        "StartAt": "Long",
        "States": {"Long": {**task, "Next": "After"}, "After": PASS},
    }
    bad = {"StartAt": "Bad", "States": {"Bad": {"Type": "Fail", "Error": "BadError"}}}
    catch = [{"ErrorEquals": ["BadError"], "Next": "Release"}]
    machine = {
        "Parallel": {"Type": "Parallel", "Branches": [going_on, bad], "Catch": catch, "End": True},
        "Release": {**task, "Resource": "arn:aws:states:::dynamodb:putItem", "End": True},
    }
    execution = states.run(machine)
    assert "SUCCEEDED" == execution.status
    assert ["Bad", "Long", "Parallel", "Release"] == sorted(entered(execution))


def test_iterations_get_items_and_their_indices(states: Interpreted) -> None:
    selector = {
        "item": "{% $states.context.Map.Item.Value %}",
        "index": "{% $states.context.Map.Item.Index %}",
    }
    expected = [{"item": "a", "index": 0}, {"item": "b", "index": 1}]
    assert expected == states.output(mapped(PASS, Items=["a", "b"], ItemSelector=selector))


def test_input_of_a_map_without_items_is_the_array(states: Interpreted) -> None:
    assert [2, 4] == states.output(mapped({**PASS, "Output": "{% $states.input * 2 %}"}), [1, 2])


def test_items_that_are_not_an_array_fail(states: Interpreted) -> None:
    assert "States.QueryEvaluationError" == states.run(mapped(PASS, Items="{% 1 %}")).error


def test_map_of_an_empty_array_is_an_empty_array(states: Interpreted) -> None:
    assert [] == states.output(mapped(PASS, Items=[]))


def test_map_limits_its_concurrent_iterations(states: Interpreted) -> None:
    running: list[int] = []
    most = []
    lock = threading.Lock()

    def call(_arguments: object) -> None:
        with lock:
            running.append(1)
            most.append(len(running))
        threading.Event().wait(0.001)
        with lock:
            running.pop()

    states.services.operations["GetItem"] = call
    task = {"Type": "Task", "Resource": "arn:aws:states:::dynamodb:getItem", "End": True}
    states.run(mapped(task, Items="{% [1..20] %}", MaxConcurrency=3))
    assert 3 >= max(most)
    assert 20 == len(most)


def test_failed_iteration_fails_the_map(states: Interpreted) -> None:
    assert "BadError" == states.run(mapped({"Type": "Fail", "Error": "BadError"}, Items=[1])).error


def test_map_has_events_for_itself_and_its_iterations(states: Interpreted) -> None:
    found = [kind for kind in kinds(states.run(mapped(PASS, Items=[1]))) if kind.startswith("Map")]
    assert [
        "MapStateEntered",
        "MapStateStarted",
        "MapIterationStarted",
        "MapIterationSucceeded",
        "MapStateSucceeded",
        "MapStateExited",
    ] == found


def test_stop_reaches_a_wait_within_a_branch(states: Interpreted) -> None:
    states.interpreter.wait_scale = 1
    arn = states.put(parallel({"Type": "Wait", "Seconds": 99, "End": True}))
    execution = states.interpreter.start(arn)
    states.interpreter.stop(execution)
    assert execution.ended.wait(SECONDS)
    assert "ABORTED" == execution.status
