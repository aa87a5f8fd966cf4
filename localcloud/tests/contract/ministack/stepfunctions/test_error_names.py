"""Names of errors that begin with "States." are Step Functions' own."""

import pytest

from localcloud.tests.contract.conftest import MiniStackInProcess


def fail(error: str) -> dict[str, object]:
    return {"Failed": {"Type": "Fail", "Error": error, "Cause": "It failed."}}


@pytest.mark.parametrize("error", ["States.Timeout", "{% 'States.' & 'Timeout' %}"])
def test_fail_state_that_raises_a_reserved_name_is_a_runtime_error(ministack: MiniStackInProcess, error: str) -> None:
    execution = ministack.run(fail(error))
    assert "FAILED" == execution.status
    assert "States.Runtime" == execution.error
    assert "must not raise States.Timeout" in (execution.cause or "")


@pytest.mark.parametrize("error", ["Workflow.Timeout", "States", "MyStates.Error"])
def test_fail_state_raises_any_other_name(ministack: MiniStackInProcess, error: str) -> None:
    execution = ministack.run(fail(error))
    assert error == execution.error
    assert "It failed." == execution.cause


def test_fail_state_without_an_error_fails(ministack: MiniStackInProcess) -> None:
    assert "States.Runtime" != ministack.run({"Failed": {"Type": "Fail"}}).error
