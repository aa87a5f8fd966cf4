"""The hints of the steps name commands that exist and that the documentation shows."""

import io
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scones.command_line import make_parser
from training.project.naming import Names
from training.project.next_command import next_command
from training.steps import stage
from training.steps.context import Context

ROOT = Path(__file__).parents[3]
DOCUMENTS = ("docs/tutorial.md", "docs/training.md")
_HINT = re.compile(r"\b(?:Next|Then)(?:, in [^:]+)?: (.+)$", re.MULTILINE)


def hints(shown: io.StringIO) -> list[str]:
    """Return the commands of the hints, and check each of them."""
    found = [command.strip("`") for command in _HINT.findall(shown.getvalue())]
    documented = "".join((ROOT / page).read_text(encoding="utf-8") for page in DOCUMENTS)
    for command in found:
        program, name, *_ = words = command.split()
        assert re.search(rf"^ *{program} {name}\b", documented, re.MULTILINE), command
        if program == "scones":
            assert name == make_parser().parse_args(words[1:]).command
    return found


def test_stage_names_train(
    context: Context,
    source_folder: Path,
    stage_options: Callable[..., Any],
    shown: io.StringIO,
) -> None:
    stage.run(context, stage_options(source_folder))
    assert ["scones train"] == hints(shown)


def test_train_names_promote(registered: Callable[..., Any], shown: io.StringIO) -> None:
    registered("first")
    assert ["scones promote"] == hints(shown)


def test_deploy_names_threshold_evaluate_and_the_service(
    deploy: Callable[..., Any], shown: io.StringIO
) -> None:
    service = deploy()["deploy_command"]
    assert [
        "scones threshold --precision 0.97",
        "scones evaluate",
        service,
    ] == hints(shown)


def test_hint_repeats_the_project_environment_and_run() -> None:
    assert "scones promote --project gate --environment prod --run cars" == next_command(
        Names("gate", "prod", "cars"), "promote"
    )


def test_hints_are_in_the_tested_modules() -> None:
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "training").rglob("*.py")
        if re.search(r"\bNext(\{|:| step)", path.read_text(encoding="utf-8"))
    }
    assert {
        "training/jobs/registration.py",
        "training/reports/deployment_summary.py",
        "training/steps/stage.py",
    } == found
