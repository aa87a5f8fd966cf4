"""Step Functions' `$parse` of the JSON text null is a value, not an undefined one, which would fail the state."""

from localcloud.tests.contract.conftest import MiniStackInProcess


def test_null_that_a_state_parses_is_null(ministack: MiniStackInProcess) -> None:
    state = {"Type": "Pass", "Output": {"parsed": "{% $parse('null') %}"}, "End": True}
    execution = ministack.run({"Only": state})
    assert "SUCCEEDED" == execution.status
    assert {"parsed": None} == execution.output
