"""Refuse old paths of modules and folders, except in the changelog and in the decisions."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HISTORIES = {"CHANGELOG.md", "docs/decisions.md", "tests/contract/test_old_paths.py"}
OF_LOCAL = (
    "algorithm|application_autoscaling|closed_output|command_line|demo|error_table|faults"
    "|generated_names|lambda_runtime|logs_insights|ministack|page_part|permission_table"
    "|resource_arns|sagemaker|sample_images|server|soak|states_language"
)
OF_ACCOUNT = "aws|console|command_line|polling|prices"
OF_TRAINING = "ab|autopilot|deploy|evaluate|monitor|promote|stage|threshold|train|tune"
# Not within a longer path or name, such as a credential's scope (Credential=local/...).
START = r"(?<![\w.@/=-])"
OLD = re.compile(
    "|".join(
        [
            rf"{START}python -m local\b",
            rf"{START}local[./](?:{OF_LOCAL})\b",
            # Not an attribute of a variable: steps of training call theirs `account`.
            rf"{START}account/(?:{OF_ACCOUNT})\b",
            rf"(?:from |import |[\"'`])account\.(?:{OF_ACCOUNT})\b",
            rf"{START}drawing[./](?:workflow|architecture)\b",
            rf"{START}training[./](?:{OF_TRAINING})[./]\w",
            rf"{START}training/(?:workflow\.ipynb|foundation\.(?:yaml|py))",
            r"\b(?:deployment|monitoring|network)/template\.yaml",
            r"\blayers/tracing\b",
            r"\bsample_images/",
            r"\btests/(?:unit|contract)/local\b",
            r"\btests/unit/(?:account|drawing)\b",
        ]
    )
)


def old_paths(text: str) -> list[str]:
    return OLD.findall(text)


def test_no_file_names_an_old_path() -> None:
    # git selects the candidate lines faster than Python reads all files.
    rough = (
        r"local|account[./]|drawing[./]|training[./]|template\.yaml|layers/tracing"
        r"|sample_images|tests/unit"
    )
    command = ["git", "grep", "-I", "--null", "-E", rough]
    listed = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    lines = [line.split("\0", 1) for line in listed]

    assert {path for path, _ in lines} >= {
        "README.md",
        "Makefile",
        ".github/workflows/deploy_environment.yml",
    }
    assert [] == [(path, line) for path, line in lines if path not in HISTORIES and old_paths(line)]


@pytest.mark.parametrize(
    "text",
    [
        "Run `python -m local up`.",
        "from local.server.cloud import running",
        "see local/sagemaker/jobs/container.py",
        "local.soak.plan",
        "from account.aws import Aws",
        "account/polling.py",
        'monkeypatch.setattr("account.aws.connect", fake)',
        "training.deploy.step",
        "training/evaluate/report.py",
        "examples: training/workflow.ipynb",
        "training/foundation.yaml",
        "monitoring/template.yaml",
        "layers/tracing/python",
        "drawing.workflow",
        "local/sample_images/test",
        "pytest tests/unit/local/server",
    ],
)
def test_old_path_is_found(text: str) -> None:
    assert old_paths(text)


@pytest.mark.parametrize(
    "text",
    [
        "python -m localcloud up",
        "Credential=local/20300101/us-east-1",
        "training.steps.deploy",
        "the deploy step",
        "ask(account.aws.s3)",
    ],
)
def test_other_text_is_left_alone(text: str) -> None:
    assert [] == old_paths(text)
