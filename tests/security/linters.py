"""Run external linters from .venv-security, and convert their findings."""

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator

from tests.security.gate.templates import ROOT, Finding, Template

TOOLS = ROOT / ".venv-security/bin"
# Checks of the gate replace three rules of cfn-lint-serverless 0.3.6, as the mutation test shows.
# WS1004 (unlimited logs) knows a log group's name only if it refers to its function. ES6000 (no
# RedrivePolicy) reports dead-letter queues. WS1000 (no tracing) does not know tracing by parameter.
REPLACED = ["WS1004", "ES6000", "WS1000"]


def run_tool(*command: str, cwd: Path = ROOT) -> "subprocess.CompletedProcess[str]":
    """Run a tool of .venv-security; its exit status is the caller's to judge."""
    return subprocess.run(
        [str(TOOLS / command[0]), *command[1:]],
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )


def cfn_lint(files: Sequence[str]) -> str:
    """Return the findings of cfn-lint with the serverless rules, or an empty text."""
    ended = run_tool(
        "cfn-lint",
        "--append-rules",
        "cfn_lint_serverless.rules",
        "--ignore-checks",
        *REPLACED,
        "--",
        *files,
    )
    return ended.stdout + ended.stderr


def checkov(templates: Sequence[Template], folder: Path) -> set[Finding]:
    """Return checkov's findings in the templates that SAM translated for CloudFormation."""
    names = {}
    for number, template in enumerate(templates):
        path = folder / f"{number}.json"
        path.write_text(json.dumps(_translated(template)), encoding="utf-8")
        names[path.name] = template.name
    files = [argument for name in names for argument in ("-f", str(folder / name))]
    ended = run_tool(
        "checkov",
        "--framework",
        "cloudformation",
        "--skip-download",
        "--compact",
        "-o",
        "json",
        *files,
    )
    report = json.loads(ended.stdout)
    if report["summary"]["parsing_errors"] or report["summary"]["resource_count"] < len(templates):
        raise ValueError(f"checkov did not read the templates: {ended.stdout}{ended.stderr}")
    return {
        Finding(
            names[Path(one["file_path"]).name],
            one["resource"].rpartition(".")[2],
            f"{one['check_name']}: {one['check_id']}",
        )
        for one in report["results"]["failed_checks"]
    }


def _translated(template: Template) -> object:
    data = json.loads(json.dumps(template.data))
    for resource in data["Resources"].values():
        for packaged in {"CodeUri", "ContentUri", "DefinitionUri"} & resource["Properties"].keys():
            resource["Properties"][packaged] = "s3://packaged/by-sam"
        if resource["Type"] == "AWS::Serverless::Application":
            resource["Properties"]["Location"] = "https://s3.amazonaws.com/packaged/by-sam"
    if "Transform" not in data:
        return data
    return Translator({}, Parser()).translate(data, {})
