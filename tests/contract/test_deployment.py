"""What deploys the service from GitHub: rights as CloudFormation's schemas name them, and jobs that hold no keys."""

import json
import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.decode import cfn_yaml
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

ROOT = Path(__file__).parents[2]
WORKFLOWS = {path.name: yaml.safe_load(path.read_text()) for path in (ROOT / ".github/workflows").glob("*.yml")}
# What SAM makes of its own types, as far as the service uses them.
TRANSLATED = {
    "AWS::Serverless::Function": "AWS::Lambda::Function",
    "AWS::Serverless::LayerVersion": "AWS::Lambda::LayerVersion",
    "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
}
# What the schemas name and the role does not hold, as patterns, by the reason.
NOT_HELD = {
    "images, records and their key outlive the stack": """
        s3:DeleteBucket s3:DeleteObject dynamodb:DeleteTable kms:ScheduleKeyDeletion""",
    "roles have policies of their own, and a boundary that stays": """
        iam:AttachRolePolicy iam:DetachRolePolicy iam:DeleteRolePermissionsBoundary iam:CreateServiceLinkedRole""",
    "functions in a VPC are deployed by whoever may change the VPC": "ec2:*",
    "the bucket is no more than private, versioned, encrypted and logged": """
        s3:*Acl s3:*Abac s3:*CORS s3:*Cors s3:*Website s3:*Analytics* s3:*Metrics* s3:*Inventory*
        s3:*IntelligentTiering* s3:*Accelerate* s3:*Replication* s3:*ObjectLock* s3:*Metadata* s3tables:*
        s3:DeleteBucketEncryption s3:DeleteBucketLifecycle""",
    "the table is not imported, replicated, streamed or expired, and stays with its key": """
        dynamodb:*Import* dynamodb:*Replica dynamodb:*ableKinesis* dynamodb:UpdateKinesis* kinesis:*
        dynamodb:*Item dynamodb:Query dynamodb:Scan dynamodb:UpdateTimeToLive dynamodb:UpdateContributorInsights
        dynamodb:PutResourcePolicy dynamodb:DeleteResourcePolicy kms:ListAliases kms:RevokeGrant
        logs:*LogStream* logs:PutLogEvents""",
    "functions have no file system, code signing, capacity provider, version or alias": """
        elasticfilesystem:* s3files:* lambda:*FunctionCodeSigningConfig lambda:GetCodeSigningConfig
        lambda:PassCapacityProvider lambda:PublishVersion lambda:AssociateRuntimeAlias lambda:PutFunctionRecursionConfig
        lambda:PutFunctionScalingConfig lambda:PutRuntimeManagementConfig""",
    "logs and topics have no data protection, index or delivery of their own": """
        logs:*LogDeliver* logs:DeleteDataProtectionPolicy logs:PutDataProtectionPolicy logs:DeleteIndexPolicy
        logs:PutIndexPolicy logs:PutBearerTokenAuthentication logs:PutLogGroupDeletionProtection s3:REST.PUT.OBJECT
        firehose:* sns:PutDataProtectionPolicy""",
    "nested stacks have no stack policy or protection, budgets no billing view": """
        cloudformation:GetStackPolicy cloudformation:SetStackPolicy cloudformation:UpdateTerminationProtection
        billing:GetBillingViewData""",
}
LONGEST = {"DeployRole": 10_240, "ExecutionRole": 10_240, "Boundary": 6_144}  # characters, IAM's quotas
PINNED = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40}|\./\.github/workflows/\w+\.yml")


@pytest.fixture(scope="module")
def template() -> dict[str, Any]:
    found: dict[str, Any] = cfn_yaml.load(str(ROOT / "deployment/template.yaml"))
    return found


def statements(template: dict[str, Any], logical_id: str) -> list[dict[str, Any]]:
    properties = template["Resources"][logical_id]["Properties"]
    documents = [policy["PolicyDocument"] for policy in properties.get("Policies", [])]
    documents += [properties["PolicyDocument"]] if "PolicyDocument" in properties else []
    return [statement for document in documents for statement in document["Statement"]]


def actions(of: list[dict[str, Any]]) -> set[str]:
    return {
        action
        for statement in of
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }


def types() -> set[str]:
    """Every type of resource of the service, but for the endpoints in a VPC."""
    found = set()
    for name in ("template.yaml", "monitoring/template.yaml"):
        data = cfn_yaml.load(str(ROOT / name))
        found |= {TRANSLATED.get(one["Type"], one["Type"]) for one in data["Resources"].values()}
    return found


@pytest.fixture(scope="module")
def named() -> set[str]:
    """Every action that the schemas say CloudFormation calls for those types."""
    found: set[str] = set()
    for resource_type in types():
        handlers = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", resource_type).schema["handlers"]
        for handler in ("create", "read", "update", "delete"):
            found |= {*handlers.get(handler, {}).get("permissions", [])}
    return found


def not_held(action: str) -> bool:
    return any(fnmatchcase(action, pattern) for patterns in NOT_HELD.values() for pattern in patterns.split())


def test_execution_role_holds_what_the_schemas_name_and_no_more(template: dict[str, Any], named: set[str]) -> None:
    held = actions(statements(template, "ExecutionRole"))
    code_signing = "lambda:GetFunctionCodeSigningConfig"  # asked of every function
    assert {action for action in named if not not_held(action)} | {code_signing} == held


@pytest.mark.parametrize("pattern", [pattern for patterns in NOT_HELD.values() for pattern in patterns.split()])
def test_what_is_left_out_is_named_by_a_schema(named: set[str], pattern: str) -> None:
    assert any(fnmatchcase(action, pattern) for action in named)


def test_boundary_has_the_actions_of_the_services_roles(template: dict[str, Any]) -> None:
    service = cfn_yaml.load(str(ROOT / "template.yaml"))
    roles = [one["Properties"] for one in service["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    held = {action for role in roles for action in actions(list(permissions(role["Policies"])))}
    assert held == actions(statements(template, "Boundary"))


def test_every_role_of_the_service_has_the_boundary() -> None:
    service = cfn_yaml.load(str(ROOT / "template.yaml"))
    roles = [one["Properties"] for one in service["Resources"].values() if one["Type"] == "AWS::IAM::Role"]
    assert [] == [role for role in roles if "PermissionsBoundary" not in role]


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
    text = text.replace("${Service}", "s" * 21).replace('{"Fn::Sub":', "")  # scones-unlimited-prod
    assert len(text) < LONGEST[logical_id]


def permissions(policies: Any) -> Iterator[dict[str, Any]]:
    """Every statement in it, those under conditions as well."""
    if isinstance(policies, dict) and "Effect" in policies:
        yield policies
    elif isinstance(policies, dict | list):
        for part in policies.values() if isinstance(policies, dict) else policies:
            yield from permissions(part)


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
    assert {"deploy.yml", "deploy_stage.yml"} == {
        name for name, job in jobs() if "id-token" in job.get("permissions", {})
    }


def test_no_workflow_holds_a_secret() -> None:
    texts = [path.read_text() for path in (ROOT / ".github/workflows").iterdir()]
    assert [] == [text for text in texts if "secrets." in text or "secrets:" in text]


def test_prod_comes_after_dev_and_dev_after_the_tests() -> None:
    deploy = WORKFLOWS["deploy.yml"]["jobs"]
    assert ("./.github/workflows/ci.yml", "ci", "dev") == (
        deploy["ci"]["uses"],
        deploy["dev"]["needs"],
        deploy["prod"]["needs"],
    )


def test_each_stage_deploys_from_the_environment_that_its_role_trusts(template: dict[str, Any]) -> None:
    [statement] = template["Resources"]["DeployRole"]["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    trusted = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]["Fn::Sub"]
    stages = {job["with"]["stage"] for job in WORKFLOWS["deploy.yml"]["jobs"].values() if "with" in job}
    assert "repo:${Repository}:environment:${Stage}" == trusted
    assert set(template["Parameters"]["Stage"]["AllowedValues"]) == stages
    assert "${{ inputs.stage }}" == WORKFLOWS["deploy_stage.yml"]["jobs"]["deploy"]["environment"]


def test_prod_is_deployed_with_the_parameters_of_samconfig() -> None:
    samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text())
    given = WORKFLOWS["deploy.yml"]["jobs"]["prod"]["with"]
    assert samconfig[given["config-env"]]["deploy"]["parameters"]["parameter_overrides"] == given["parameters"]


@pytest.mark.parametrize("page", ["deployment/template.yaml", "docs/operations.md"])
def test_execution_role_does_not_reach_the_stack_that_makes_it(template: dict[str, Any], page: str) -> None:
    [told] = re.findall(r"deployment/template\.yaml --stack-name (\S+)", (ROOT / page).read_text())
    assert not told.startswith(template["Parameters"]["Service"]["Default"])


def test_outputs_are_the_variables_that_the_job_reads(template: dict[str, Any]) -> None:
    read = set(re.findall(r"vars\.(\w+)", (ROOT / ".github/workflows/deploy_stage.yml").read_text()))
    assert {output["Description"] for output in template["Outputs"].values()} | {"AWS_REGION"} == read
