"""Check the deployment from GitHub: policies stay within IAM's quotas, and jobs hold no keys.

The tests in execution_role/ check the permissions of the roles.
"""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import cfn_yaml

from operations.check.permissions import policy

ROOT = Path(__file__).parents[2]
WORKFLOWS = {
    path.name: yaml.safe_load(path.read_text())
    for path in (ROOT / ".github/workflows").glob("*.yml")
}
LONGEST = {
    "DeployRole": 10_240,
    "ExecutionRole": 10_240,
    "Boundary": 6_144,
}  # characters, IAM's quotas
LONGEST_NAME = 25  # characters of the service's stack
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}|\./\.github/workflows/\w+\.yml")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = cfn_yaml.load(str(ROOT / "stacks/github.yaml"))
    return found


def statements(template: dict[str, Any], logical_id: str) -> list[dict[str, Any]]:
    properties = template["Resources"][logical_id]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in document["Statement"]]


def test_deploy_role_has_exactly_the_permissions_that_the_check_prints(
    template: dict[str, Any],
) -> None:
    [needed] = policy()["Statement"]
    held = statements(template, "DeployRole")
    others = json.dumps([statement for statement in held if statement["Sid"] != needed["Sid"]])
    assert [needed] == [statement for statement in held if statement["Sid"] == needed["Sid"]]
    assert [] == [action for action in needed["Action"] if f'"{action}"' in others]


def test_check_runs_with_the_deploy_role_before_anything_is_deployed() -> None:
    steps = WORKFLOWS["deploy_environment.yml"]["jobs"]["deploy"]["steps"]
    named = [step.get("uses", "").partition("@")[0] or step["run"] for step in steps]
    order = [
        next(index for index, text in enumerate(named) if part in text)
        for part in ("configure-aws-credentials", "-m operations check", "sam deploy")
    ]
    assert sorted(order) == order


@pytest.mark.parametrize("logical_id", LONGEST)
def test_policy_is_within_the_quota(template: dict[str, Any], logical_id: str) -> None:
    text = json.dumps(statements(template, logical_id), separators=(",", ":"))
    values = {
        "Partition": "aws-us-gov",
        "Region": "ap-northeast-1",
        "AccountId": "1" * 12,
        "URLSuffix": "amazonaws.com",
    }
    for name, value in values.items():
        text = text.replace(f"${{AWS::{name}}}", value)
    text = text.replace("${Service}", "s" * LONGEST_NAME).replace('{"Fn::Sub":', "")
    assert len(text) < LONGEST[logical_id]


def test_name_of_the_service_is_no_longer_than_policies_match(template: dict[str, Any]) -> None:
    for pattern in (
        template["Parameters"]["Service"]["AllowedPattern"],
        nested()["AllowedPattern"],
    ):
        assert re.fullmatch(pattern, "s" * LONGEST_NAME)
        assert not re.fullmatch(pattern, "s" * (LONGEST_NAME + 1))


def nested() -> dict[str, Any]:
    """The parameter of the nested stack that takes the name of the service's stack."""
    found: dict[str, Any] = cfn_yaml.load(str(ROOT / "stacks/monitoring.yaml"))["Parameters"][
        "Service"
    ]
    return found


@pytest.mark.parametrize(
    "name", ["stacks/github.yaml", "stacks/reviewers.yaml", "stacks/training.yaml"]
)
def test_template_that_is_sent_as_it_is_has_no_yaml_aliases(name: str) -> None:
    # CloudFormation accepts none: User Guide, "CloudFormation template format", YAML.
    events = yaml.parse((ROOT / name).read_text())
    assert [] == [event for event in events if isinstance(event, yaml.AliasEvent)]


def jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, workflow in WORKFLOWS.items():
        for job in workflow["jobs"].values():
            yield name, job


def test_every_action_is_pinned_to_a_commit() -> None:
    used = [job["uses"] for _, job in jobs() if "uses" in job]
    used += [step["uses"] for _, job in jobs() for step in job.get("steps", []) if "uses" in step]
    assert [] == [action for action in used if not PINNED.fullmatch(action)]


def test_jobs_write_nothing_but_the_token_that_aws_trusts() -> None:
    rights = [workflow.get("permissions", {}) for workflow in WORKFLOWS.values()]
    rights += [job.get("permissions", {}) for _, job in jobs()]
    assert {"contents: read", "id-token: write"} == {
        f"{name}: {right}" for one in rights for name, right in one.items()
    }
    assert {"deploy.yml", "deploy_environment.yml"} == {
        name for name, job in jobs() if "id-token" in job.get("permissions", {})
    }


def test_no_workflow_holds_a_secret() -> None:
    texts = [path.read_text() for path in (ROOT / ".github/workflows").iterdir()]
    assert [] == [text for text in texts if "secrets." in text or "secrets:" in text]


def test_prod_comes_after_dev_and_dev_after_the_tests() -> None:
    deploy = WORKFLOWS["deploy.yml"]["jobs"]
    assert "./.github/workflows/ci.yml" == deploy["ci"]["uses"]
    assert "ci" == deploy["dev"]["needs"]
    assert "dev" == deploy["prod"]["needs"]


def test_each_environment_deploys_with_the_role_that_trusts_it(
    template: dict[str, Any],
) -> None:
    [statement] = template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    trusted = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"][
        "Fn::Sub"
    ]
    environments = {
        job["with"]["environment"]
        for job in WORKFLOWS["deploy.yml"]["jobs"].values()
        if "with" in job
    }
    assert "repo:${Repository}:environment:${Environment}" == trusted
    assert set(template["Parameters"]["Environment"]["AllowedValues"]) == environments
    assert (
        "${{ inputs.environment }}"
        == WORKFLOWS["deploy_environment.yml"]["jobs"]["deploy"]["environment"]
    )


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_environment_is_deployed_with_the_parameters_of_samconfig(environment: str) -> None:
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    given = WORKFLOWS["deploy.yml"]["jobs"][environment]["with"]
    assert (
        samconfig[given["config-env"]]["global"]["parameters"]["parameter_overrides"]
        == given["parameters"]
    )


@pytest.mark.parametrize("page", ["stacks/github.yaml", "docs/operations.md"])
def test_execution_role_does_not_reach_the_stack_that_makes_it(
    template: dict[str, Any], page: str
) -> None:
    [name] = re.findall(r"stacks/github\.yaml --stack-name (\S+)", (ROOT / page).read_text())
    assert not name.startswith(template["Parameters"]["Service"]["Default"])


def test_outputs_are_the_variables_that_the_job_reads(template: dict[str, Any]) -> None:
    read = set(
        re.findall(r"vars\.(\w+)", (ROOT / ".github/workflows/deploy_environment.yml").read_text())
    )
    assert {output["Description"] for output in template["Outputs"].values()} | {
        "AWS_REGION"
    } == read
