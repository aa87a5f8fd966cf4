"""Every command shows the hostile texts of an AWS without broken lines or hidden text."""

import json
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient

from cli import aws
from operations.command_line import COMMANDS
from operations.command_line import main as operations
from tests.contract.hostile_aws import ARN, Answer, answering, refusing
from training.command_line import STEPS
from training.command_line import main as training
from untrusted.terminal import show_traceback
from untrusted.tests.hostile_text import HOSTILE, MARKUP, require_honest

ARGUMENTS: dict[str, Sequence[str]] = {
    "upload": ["image.png", "--timeout", "9s"],
    "redrive": ["--yes", "--no-wait"],
    "reconcile": ["--older-than", "0s"],
    "backlog": ["--follow", ARN],
    "execution": [ARN],
    "retained": ["--delete", "--yes"],
    "check": ["--training-instances", "0"],
    "stage": ["s3://photos/prefix"],
    "autopilot": ["--role", ARN],
    "threshold": ["--precision", "0.9"],
    "export": ["exported"],
    "cleanup": ["--yes"],
}
ANSWERS: dict[str, Answer] = {
    "succeeds": answering(
        "Completed",
        "InService",
        "SUCCEEDED",
        "CREATE_COMPLETE",
        "Approved",
        "DELETE_COMPLETE",
        "Enabled",
    ),
    "fails": answering(
        "Failed", "FAILED", "ROLLBACK_COMPLETE", "Rejected", "DELETE_FAILED", "INVALID"
    ),
    "refuses": refusing("ValidationException"),
    "denies": refusing("AccessDenied"),
}
STAGED = {
    **dict.fromkeys(("bucket", "prefix", "dataset", "digest"), HOSTILE),
    **{
        "labels": [HOSTILE, "b"],
        "counts": {
            s: {HOSTILE: 90, "b": 90} for s in ("train", "validation", "calibration", "test")
        },
    },
    **{"seed": 0, "recordio": False, "other_class": None, "role": HOSTILE},
}
TRAINED = {
    **dict.fromkeys(
        ("training_job", "status", "image", "backbone", "role", "instance_type"), HOSTILE
    ),
    **{
        "model_data": f"s3://{HOSTILE}/model.tar.gz",
        "dataset_digest": HOSTILE,
        "labels": [HOSTILE, "b"],
    },
    **{
        "hyperparameters": {"num_layers": HOSTILE},
        "metrics": {"validation:accuracy": 0.5},
        "epochs": [],
        "seconds": 1,
    },
    **{"model_package": {"version": 1}, "model_digest": None},
    **{"best_epoch": None, "billable_seconds": 1},
}


@pytest.fixture(scope="module")
def account() -> aws.Aws:
    """Clients of an account, each made once."""
    return aws.Aws(boto3.session.Session("testing", "testing", region_name="us-east-1"))


@pytest.fixture
def hostile(account: aws.Aws, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A folder with a run that has staged and trained, and an account that is never waited for."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)  # the shell may point at a local cloud
    vars(account).pop("account", None)  # who is calling is asked again
    monkeypatch.setattr(aws, "connect", lambda *_: account)
    # Not time.sleep itself: threads that other tests left in the background sleep, too.
    for module in ("cli.polling", "cli.table_items", "operations.service.executions"):
        monkeypatch.setattr(f"{module}.sleep", interrupt)
    monkeypatch.setattr("botocore.waiter.time", SimpleNamespace(sleep=interrupt))
    monkeypatch.setenv("COLUMNS", "5000")  # so that tables fold no text
    monkeypatch.chdir(tmp_path)
    (tmp_path / "image.png").write_bytes(b"image")
    (tmp_path / "template.yaml").touch()
    (tmp_path / "samconfig.toml").write_text(
        '[default.global.parameters]\nstack_name = "scones-unlimited"\n'
    )
    run = tmp_path / "runs/scones-unlimited/default"
    run.mkdir(parents=True)
    done = {"status": "done", "begun_at": "", "done_at": "", "tries": [{"asked": {}, "facts": {}}]}
    steps = {"stage": {**done, "result": STAGED}, "train": {**done, "result": TRAINED}}
    (run / "run.json").write_text(json.dumps({"format": 1, "steps": steps}))


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
@pytest.mark.parametrize("command", [*COMMANDS, *STEPS])
def test_command_shows_hostile_texts_as_they_are(
    command: str, as_json: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    main: Any = operations if command in COMMANDS else training
    shown = ""
    for answer in ANSWERS.values():
        monkeypatch.setattr(BaseClient, "_make_api_call", answer)
        try:
            main([command, *ARGUMENTS.get(command, ()), *(["--json"] if as_json else [])])
        except Exception as error:  # noqa: BLE001 - as Python shows it at the end of a program
            show_traceback(type(error), error, None)
        for output in capsys.readouterr():
            require_honest(output)
            shown += output
    assert MARKUP in shown, "none of the texts was shown"


@pytest.mark.usefixtures("hostile")
def test_page_of_an_execution_holds_no_hostile_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BaseClient, "_make_api_call", ANSWERS["fails"])
    assert 0 == operations(["execution", ARN, "--to", "page.html"])
    page = Path("page.html").read_text()
    require_honest(page)
    assert page.count(MARKUP) > 4
    assert "<script>alert" not in page
