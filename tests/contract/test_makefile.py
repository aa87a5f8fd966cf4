"""The Makefile reports missing requirements, and `make clean` deletes only local runs."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with what `make setup` reads, and no environments."""
    for name in ("Makefile", ".python-version", "requirements"):
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, tmp_path / name)
    return tmp_path


def make(folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["make", "-C", folder, *arguments], capture_output=True, text=True, check=False
    )


def test_other_python_version_is_reported_with_a_remedy(checkout: Path) -> None:
    old = checkout / "old-python"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.11.9 && exit 0\nexit 1\n')
    old.chmod(0o755)
    ended = make(checkout, "setup", f"PYTHON={old}")
    assert 0 != ended.returncode
    assert f"Python 3.13 is needed and '{old}' is not it (Python 3.11.9)." in ended.stdout
    assert "make PYTHON=/path/to/python3.13" in ended.stdout


def test_missing_python_leaves_no_half_made_environment(checkout: Path) -> None:
    ended = make(checkout, "setup", "PYTHON=no-such-python")
    assert 0 != ended.returncode
    assert "Python 3.13 is needed" in ended.stdout
    assert not (checkout / ".venv").exists()


def test_help_names_the_commands_of_the_readme(checkout: Path) -> None:
    assert {"make demo", "make demo-loop", "make test"} == {
        line.split("  ")[1].strip()
        for line in make(checkout).stdout.splitlines()
        if line.startswith(("  make demo", "  make test"))
    }


def add_run(checkout: Path, name: str, *, bucket: str, account: str | None = None) -> Path:
    """Write the run.json of a run that staged a dataset and, with an account, trained a model."""
    steps = {"stage": {"result": {"bucket": bucket}}}
    if account:
        steps["train"] = {"result": {"role": f"arn:aws:iam::{account}:role/training"}}
    run = checkout / "runs" / name / "default"
    run.mkdir(parents=True)
    (run / "run.json").write_text(json.dumps({"format": 1, "steps": steps}, indent=2) + "\n")
    (run / "report.html").touch()
    return run


@pytest.fixture
def local_bucket(checkout: Path) -> str:
    """A bucket in the state of the local cloud."""
    (checkout / ".localcloud/state/s3/000000000000/photos").mkdir(parents=True)
    return "photos"


def test_clean_deletes_runs_of_the_local_cloud(checkout: Path, local_bucket: str) -> None:
    add_run(checkout, "trained", bucket="gone", account="000000000000")
    add_run(checkout, "staged", bucket=local_bucket)
    assert 0 == make(checkout, "clean").returncode
    assert not (checkout / "runs").exists()


def test_clean_keeps_runs_on_aws_and_reports_it(checkout: Path, local_bucket: str) -> None:
    runs = {
        add_run(checkout, "trained", bucket="photos-2", account="123456789012"),
        add_run(checkout, "staged", bucket="photos-2"),
        add_run(checkout, "same-bucket-name", bucket=local_bucket, account="123456789012"),
    }
    ended = make(checkout, "clean")
    assert 0 == ended.returncode
    assert runs == {report.parent for report in checkout.glob("runs/*/*/report.html")}
    assert "runs/ stays: it has runs that are not of the local cloud." in ended.stdout


def test_clean_without_runs_succeeds_in_silence(checkout: Path) -> None:
    ended = make(checkout, "clean")
    assert 0 == ended.returncode
    assert "stays" not in ended.stdout
