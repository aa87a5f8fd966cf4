"""CloudFormation that knows the training stack alone, and records its updates."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any


class FakeTrainingStack:
    """Keep the stack's key parameters.

    Args:
        role: The ARN of the stack's role.
        progress: Called at each update, so that a test can check the order of changes.
    """

    def __init__(self, role: str, progress: Callable[[], object]) -> None:
        self.updates: list[dict[str, str]] = []
        self.progress: list[object] = []
        self._role = role
        self._look = progress
        self._keys = {"DataKeyArns": "", "VolumeKeyArns": ""}

    def describe_stacks(self, StackName: str) -> dict[str, Any]:  # noqa: N803
        outputs = {"TrainingBucketName": "photos", "SageMakerRoleArn": self._role}
        stack = {
            "StackName": StackName,
            "StackStatus": "CREATE_COMPLETE",
            "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in outputs.items()],
            "Parameters": [
                {"ParameterKey": key, "ParameterValue": value} for key, value in self._keys.items()
            ],
        }
        return {"Stacks": [stack]}

    def update_stack(self, Parameters: list[dict[str, str]], **_: Any) -> None:  # noqa: N803
        self._keys = {one["ParameterKey"]: one["ParameterValue"] for one in Parameters}
        self.updates.append(self._keys)
        self.progress.append(self._look())

    def get_waiter(self, _name: str) -> Any:
        return SimpleNamespace(wait=lambda **_: None)
