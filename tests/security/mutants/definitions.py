"""Make workflow definitions with one control removed or weakened."""

from collections.abc import Iterator

from tests.security.gate.templates import Data
from tests.security.gate.workflows import RETRIER, function_of, integration, own_errors, states
from tests.security.mutants.changes import GONE, Change, Path, changed


def definition_mutants(definitions: dict[str, Data]) -> Iterator[tuple[str, dict[str, Data]]]:
    """Yield definitions with one state of weaker limits, other retries or a missing Catch."""
    for where, state in states(definitions):
        for name, path, value in _state_changes(where, state):
            yield f"{where}: {name}", _with_state(definitions, where, changed(state, path, value))


def _state_changes(where: str, state: Data) -> Iterator[Change]:
    for field in (
        "Default",
        "TimeoutSeconds",
        "Retry",
        "Catch",
        "MaxConcurrency",
        "ToleratedFailurePercentage",
    ):
        if field in state:
            yield f"without {field}", (field,), GONE
    for argument in ("ConditionExpression", "ConsistentRead"):
        if argument in state.get("Arguments", {}):
            yield f"without {argument}", ("Arguments", argument), GONE
    if "TimeoutSeconds" in state:
        yield "hangs for a year", ("TimeoutSeconds",), 31536000
    for index, retrier in enumerate(state.get("Retry", [])):
        yield f"without retrier {index}", ("Retry", index), GONE
        yield from _retrier_changes(where, state, ("Retry", index), retrier)
    for index, catcher in enumerate(state.get("Catch", [])):
        yield f"without catcher {index}", ("Catch", index), GONE
        for number, error in enumerate(catcher["ErrorEquals"]):
            yield f"does not catch {error}", ("Catch", index, "ErrorEquals", number), GONE


def _retrier_changes(where: str, state: Data, path: Path, retrier: Data) -> Iterator[Change]:
    for field in (*RETRIER, "JitterStrategy"):
        yield f"retrier {path[1]} without {field}", (*path, field), GONE
    for field, value in {"MaxAttempts": 99999, "MaxDelaySeconds": 86400, "BackoffRate": 1}.items():
        yield f"retrier {path[1]} with {field} {value}", (*path, field), value
    yield f"retrier {path[1]} without jitter", (*path, "JitterStrategy"), "NONE"
    for number, error in enumerate(retrier["ErrorEquals"]):
        yield f"does not retry {error}", (*path, "ErrorEquals", number), GONE
    permanent = {"States.ALL", "States.TaskFailed"}
    if integration(state) == "lambda:invoke":
        named = {error for one in state["Retry"] for error in one["ErrorEquals"]}
        permanent |= own_errors(function_of(where)) - named
    for error in sorted(permanent):
        yield (
            f"retrier {path[1]} retries {error}",
            (*path, "ErrorEquals"),
            [*retrier["ErrorEquals"], error],
        )


def _with_state(definitions: dict[str, Data], where: str, state: Data) -> dict[str, Data]:
    workflow, *names = where.split(": ")
    path: list[str | int] = [workflow]
    for depth, name in enumerate(names):
        path += ["ItemProcessor", "States", name] if depth else ["States", name]
    mutated: dict[str, Data] = changed(definitions, tuple(path), state)
    return mutated
