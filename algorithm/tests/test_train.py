import io
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event

from PIL import Image

from algorithm import train

Job = Callable[..., Path]


def failure(root: Path) -> str:
    return (root / "output" / "failure").read_text(encoding="utf-8")


def add_images(root: Path, count: int) -> None:
    """Add many different training images to the job."""
    folder = root / "input" / "data" / "train"
    lines = []
    for number in range(count):
        buffer = io.BytesIO()
        Image.new("RGB", (1, 1), (number % 256, number // 256, 0)).save(buffer, "PNG")
        (folder / f"{number}.png").write_bytes(buffer.getvalue())
        lines.append(f"{number}\t{number % 2}\t{number}.png\n")
    (root / "input/data/train_lst/train.lst").write_text("".join(lines))


@contextmanager
def command(root: Path) -> Iterator[subprocess.Popen[str]]:
    """Start the job as the container does."""
    process = subprocess.Popen(
        [sys.executable, "-u", "-m", "algorithm.train", str(root)],
        cwd=Path(__file__).parents[2],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def stopped_at(root: Path, word: str) -> tuple[int, str]:
    """Send SIGTERM at a line of the log; return the exit code and the rest of the log."""
    with command(root) as process:
        assert process.stdout
        assert any(word in line for line in process.stdout)
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read()
        return process.wait(timeout=30), rest


def test_run_valid_job_writes_a_model_and_no_failure(job: Job) -> None:
    root = job()
    assert 0 == train.run(root, Event())
    assert {"head.npz", "model.json"} == {path.name for path in (root / "model").iterdir()}
    assert not (root / "output").exists()


def test_run_invalid_input_ends_with_the_reason(job: Job) -> None:
    root = job(epochs="many")
    assert 1 == train.run(root, Event())
    assert failure(root).startswith("HyperparameterError: A hyperparameter is missing, unknown or ")
    assert "(epochs: 'many' is not an integer of 1 or more)" in failure(root)


def test_run_unexpected_error_ends_with_its_name(job: Job) -> None:
    root = job()
    (root / "model").write_text("in the way", encoding="utf-8")
    assert 1 == train.run(root, Event())
    assert failure(root).startswith("FileExistsError: ")


def test_run_stopped_before_the_first_model_is_not_a_failure(job: Job) -> None:
    root, stop = job(), Event()
    stop.set()
    assert 0 == train.run(root, stop)
    assert {"input"} == {path.name for path in root.iterdir()}


def test_command_failed_job_has_exit_code_1(tmp_path: Path) -> None:
    with command(tmp_path) as process:
        output, _ = process.communicate(timeout=30)
    assert 1 == process.returncode
    assert "HyperparameterError" in output


def test_command_sigterm_during_features_ends_without_a_model(job: Job) -> None:
    root = job()
    add_images(root, 500)
    status, rest = stopped_at(root, "has no effect")
    assert 0 == status
    assert "The job was stopped before there was a model." in rest
    assert not (root / "model").exists()


def test_command_sigterm_during_epochs_ends_with_the_best_model(job: Job) -> None:
    root = job(epochs="1000000")
    status, rest = stopped_at(root, "Epoch[3] Validation-accuracy")
    assert 0 == status
    assert "Stopping after" in rest
    assert (root / "model" / "head.npz").exists()
