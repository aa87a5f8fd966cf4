"""Write the reason of a failed job to the file that SageMaker reads."""

from pathlib import Path

MAX_CHARACTERS = 1024  # SageMaker truncates output/failure


def write_failure(root: Path, error: Exception) -> None:
    """Write the error to output/failure in the folder of a job."""
    failure = root / "output" / "failure"
    failure.parent.mkdir(parents=True, exist_ok=True)
    failure.write_text(f"{type(error).__name__}: {error}"[:MAX_CHARACTERS], encoding="utf-8")
