"""Register the model that a run has trained or tuned."""

from typing import Any

from training.dataset.dataset import Dataset
from training.models.registry import ModelRegistry
from training.project.next_command import next_command
from training.project.run_file import RunFile
from untrusted.console import Console


def register_trained(
    registry: ModelRegistry,
    run: RunFile,
    console: Console,
    dataset: Dataset,
    earlier_model: str | None,
) -> dict[str, Any]:
    """Register the run's trained model once, and return its result with the `model_package`."""
    trained = run.result("train")
    package = registry.register(trained, dataset, earlier_model)
    result = trained | {"model_package": package}
    run.done("train", result)
    console.print(
        f"Model registry: version {package['version']} of {package['group']}. "
        f"Next: {next_command(registry.names, 'promote')}"
    )
    return result
