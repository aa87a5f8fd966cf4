"""The command line: exit statuses, and errors as sentences on standard error."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from moto import mock_aws

from training.command_line import STEPS, WITHOUT_DATASET, main
from training.project.run_file import open_run_file

ROOT = Path(__file__).parents[3]


def test_every_step_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for step in STEPS:
        with pytest.raises(SystemExit) as ended:
            main([step, "--help"])
        assert 0 == ended.value.code
        assert "--run" in capsys.readouterr().out


def test_an_unknown_step_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["fly"])
    assert 2 == ended.value.code
    assert "'fly' is not a command" in capsys.readouterr().err


def test_invalid_name_is_one_sentence_on_standard_error(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert 1 == main(["status", "--run", "My Run", "--runs", str(tmp_path)])
    output = capsys.readouterr()
    assert "" == output.out
    assert output.err.startswith("InvalidNameError: The run is 'My Run'.")


def test_step_names_the_step_that_must_run_before(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert 1 == main(["train", "--runs", str(tmp_path), "--region", "us-east-1"])
    assert "scones stage" in capsys.readouterr().err


def test_nothing_heavy_is_imported_to_show_the_help() -> None:
    program = "import sys, training.command_line; print(*sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert set() == {"sagemaker", "matplotlib", "numpy", "scipy", "pandas"} & set(
        shown.stdout.split()
    )


def test_error_is_also_printed_as_json(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    assert 1 == main(["train", "--json", "--runs", str(tmp_path), "--region", "us-east-1"])
    assert "StepNotDoneError" == json.loads(capsys.readouterr().out)["error"]["type"]


REQUIRED = {
    "autopilot": ["--role", "arn:aws:iam::123456789012:role/autopilot"],
    "threshold": ["--precision", "0.9"],
    "export": ["exported"],
}


@pytest.mark.parametrize("step", sorted(STEPS.keys() - WITHOUT_DATASET))
def test_step_of_a_run_whose_dataset_is_gone_says_what_to_do(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
) -> None:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    run = open_run_file(tmp_path / "scones-unlimited/default")
    run.begin("stage")
    run.done("stage", {"bucket": "deleted", "prefix": "datasets/cars"})

    arguments = [step, *REQUIRED.get(step, []), "--runs", str(tmp_path), "--region", "us-east-1"]
    with mock_aws():
        assert 1 == main(arguments)

    message = capsys.readouterr().err
    assert message.startswith(
        "RunResourcesMissingError: The dataset s3://deleted/datasets/cars/ does not exist in this "
        f"account in us-east-1, but {run.path} records it."
    )
    assert "start again with `scones stage`" in message
