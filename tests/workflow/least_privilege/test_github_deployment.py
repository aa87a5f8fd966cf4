"""Deploy from GitHub to the local cloud, with the roles and the commands that AWS gets.

The first stack is stacks/github.yaml. A job's token gets the session of the deploy role. The
commands of .github/workflows/deploy_environment.yml run in this session. CloudFormation's role then
loses one permission at a time, and the resource that needs the permission fails.
The step `operations check` does not run here: Access Analyzer and Service Quotas are not emulated.
"""

import base64
import json
import re
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError
from cfnlint.decode import cfn_yaml

from examples.demo.service import build
from localcloud.lambda_runtime.settings import ARCHITECTURE
from localcloud.ministack.cloudformation.resource_requests import (
    ACTIONS,
    AFTER_CREATION,
    HANDED_TO,
)
from localcloud.server.cloud import Cloud
from localcloud.server.settings import ACCOUNT, REGION

ROOT = Path(__file__).parents[3]
WORKFLOW = ROOT / ".github/workflows/deploy_environment.yml"
PROVIDER = "token.actions.githubusercontent.com"
SERVICE = "deployed-from-github"
# Requests for properties that the service does not have, or that its parameters leave out.
NOT_USED = {
    "dynamodb:UpdateTimeToLive",
    "iam:AttachRolePolicy",
    "lambda:PutFunctionConcurrency",
    "s3:PutBucketLogging",
    "sns:Subscribe",
}
# A resource type, and a request without which CloudFormation cannot create it.
REQUESTS = [
    *((resource_type, actions[0]) for resource_type, actions in ACTIONS.items()),
    *((resource_type, "iam:PassRole") for resource_type in HANDED_TO),
    ("AWS::KMS::Key", "kms:TagResource"),
    *(
        (resource_type, action)
        for resource_type, actions in AFTER_CREATION.items()
        for action in actions.values()
        if action not in NOT_USED
    ),
]


@dataclass(frozen=True)
class Github:
    """The deployed stacks/github.yaml: its outputs, and its account."""

    cloud: Cloud
    outputs: Mapping[str, str]

    def assume(self, subject: str, audience: str = "sts.amazonaws.com") -> dict[str, str]:
        """Return the credentials that a job gets for its token, by these claims of the token."""
        claims = {"iss": f"https://{PROVIDER}", "aud": audience, "sub": subject}
        token = ".".join((encoded({"alg": "RS256"}), encoded(claims), "signature"))
        answer = self.cloud.client("sts").assume_role_with_web_identity(
            RoleArn=self.outputs["DeployRoleArn"],
            RoleSessionName="GitHubActions",
            WebIdentityToken=token,
        )
        return dict(answer["Credentials"])


def encoded(part: Mapping[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")


@pytest.fixture(scope="module")
def github(cloud: Cloud) -> Iterator[Github]:
    cloudformation, name = cloud.client("cloudformation"), f"deploy-{SERVICE}"
    parameters = {"Repository": "octo-org@1/octo-repo@2", "Environment": "dev", "Service": SERVICE}
    # An account has one provider of GitHub's tokens, and the documentation's test creates it too.
    iam = cloud.client("iam")
    before = [
        one["Arn"] for one in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    ]
    if before:
        parameters["OidcProviderArn"] = before[0]
    cloudformation.create_stack(
        StackName=name,
        TemplateBody=(ROOT / "stacks/github.yaml").read_text(),
        Parameters=[
            {"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    assert "CREATE_COMPLETE" == ended(cloudformation, name)
    [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    yield Github(cloud, {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]})
    if not before:
        [created] = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=created["Arn"])


def ended(cloudformation: Any, stack: str) -> str:
    deadline = time.monotonic() + 120
    while True:
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        if not found["StackStatus"].endswith("_IN_PROGRESS"):
            return str(found["StackStatus"])
        assert time.monotonic() < deadline, f"{stack} does not end"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def deploy_role(github: Github) -> Mapping[str, str]:
    """The credentials of a job of the GitHub environment."""
    return github.assume("repo:octo-org@1/octo-repo@2:environment:dev")


@dataclass(frozen=True)
class Deployed:
    """A stack as it was deployed, and the names of its resources."""

    name: str
    status: str
    parameters: list[dict[str, str]]
    template: dict[str, Any]
    names: Mapping[str, str]

    def alone(self, resource_type: str) -> dict[str, Any]:
        """Return a template of the first resource of a type, which refers to no other resource."""
        resources = self.template["Resources"]
        logical_id = next(name for name in resources if resources[name]["Type"] == resource_type)
        resource = {
            "Type": resource_type,
            "Properties": self._resolved(resources[logical_id]["Properties"]),
        }
        kept: dict[str, Any] = {
            key: self.template[key]
            for key in ("Parameters", "Conditions", "Rules", "Mappings")
            if key in self.template
        }
        return {**kept, "Resources": {logical_id: resource}}

    def _resolved(self, value: Any) -> Any:
        match value:
            case {"Ref": str(name)} if name in self.template["Resources"]:
                return self._name(name)
            case {"Fn::GetAtt": [str(name), _]}:
                return self._arn(name)
            case {"Fn::Sub": str(text)}:
                return {"Fn::Sub": re.sub(r"\$\{(\w+)(\.\w+)?\}", self._in_text, text)}
            case {"Fn::Sub": [str(text), dict(values)]}:
                return {"Fn::Sub": [text, self._resolved(values)]}
            case dict():
                return {key: self._resolved(one) for key, one in value.items()}
            case list():
                return [self._resolved(one) for one in value]
        return value

    def _in_text(self, found: re.Match[str]) -> str:
        if found[1] not in self.template["Resources"]:
            return found[0]
        return self._arn(found[1]) if found[2] else self._name(found[1])

    def _name(self, logical_id: str) -> str:
        return self.names.get(logical_id, f"{SERVICE}-{logical_id}")

    def _arn(self, logical_id: str) -> str:
        """Return the ARN of a role, the only ARN that the requests here depend on."""
        return f"arn:aws:iam::{ACCOUNT}:role/{self._name(logical_id)}"


def stack_of(cloudformation: Any, name: str) -> Deployed:
    """Read a stack from CloudFormation."""
    [stack] = cloudformation.describe_stacks(StackName=name)["Stacks"]
    body = cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]
    template = json.loads(json.dumps(cfn_yaml.loads(body))) if isinstance(body, str) else body
    resources = cloudformation.describe_stack_resources(StackName=name)["StackResources"]
    return Deployed(
        stack["StackName"],
        stack["StackStatus"],
        stack["Parameters"],
        template,
        {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources},
    )


@dataclass(frozen=True)
class Deployment:
    """The service and its monitoring as deployed, and the status of their deletion."""

    stacks: tuple[Deployed, Deployed]
    deletion: str

    def stack_with(self, resource_type: str) -> Deployed:
        """Return the stack that has a resource of a type."""
        return next(
            stack
            for stack in self.stacks
            if any(one["Type"] == resource_type for one in stack.template["Resources"].values())
        )


@pytest.fixture(scope="module")
def deployment(
    github: Github, deploy_role: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Deployment:
    """Run the step `sam deploy` of the workflow in the session of the deploy role."""
    build(tmp_path_factory.mktemp("build") / "sam-build.log", github.cloud.environment)
    sam_deploy(github, deploy_role)

    cloudformation = github.cloud.client("cloudformation")
    service = stack_of(cloudformation, SERVICE)
    monitoring = stack_of(cloudformation, service.names["Monitoring"])
    [stack] = cloudformation.describe_stacks(StackName=SERVICE)["Stacks"]
    cloudformation.delete_stack(StackName=SERVICE)
    return Deployment((service, monitoring), ended(cloudformation, stack["StackId"]))


def sam_deploy(github: Github, deploy_role: Mapping[str, str]) -> None:
    """Run the workflow's commands."""
    steps = yaml.safe_load(WORKFLOW.read_text())["jobs"]["deploy"]["steps"]
    [commands] = [step["run"] for step in steps if step.get("name") == "sam deploy"]
    variables = {
        "CONFIG_ENV": "default",
        "PARAMETERS": f"Environment=dev Architecture={ARCHITECTURE}",
        "ARTIFACT_BUCKET": github.outputs["ArtifactBucketName"],
        "EXECUTION_ROLE_ARN": github.outputs["ExecutionRoleArn"],
        "PERMISSIONS_BOUNDARY_ARN": github.outputs["BoundaryArn"],
        "AWS_ACCESS_KEY_ID": deploy_role["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": deploy_role["SecretAccessKey"],
        "AWS_SESSION_TOKEN": deploy_role["SessionToken"],
    }
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{commands.rstrip()} --stack-name {SERVICE}"],
        cwd=ROOT,
        env=github.cloud.environment | variables,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert 0 == finished.returncode, finished.stdout + finished.stderr


@pytest.mark.parametrize(
    ("subject", "audience"),
    [
        ("repo:octo-org@1/octo-repo@2:environment:prod", "sts.amazonaws.com"),
        ("repo:octo-org@1/octo-repo@2:ref:refs/heads/main", "sts.amazonaws.com"),
        ("repo:another@3/octo-repo@4:environment:dev", "sts.amazonaws.com"),
        ("repo:octo-org@1/octo-repo@2:environment:dev", "another-audience"),
    ],
)
def test_deploy_role_refuses_tokens_of_other_jobs(
    github: Github, subject: str, audience: str
) -> None:
    with pytest.raises(ClientError, match="AccessDenied"):
        github.assume(subject, audience)


def test_workflow_deploys_the_service_and_the_role_deletes_it(deployment: Deployment) -> None:
    assert ["CREATE_COMPLETE"] * 2 == [stack.status for stack in deployment.stacks]
    assert "DELETE_COMPLETE" == deployment.deletion


def propose(github: Github, deploy_role: Mapping[str, str], stack: str, **request: Any) -> None:
    """Create a change set in the session of the deploy role."""
    cloudformation = boto3.client(
        "cloudformation",
        endpoint_url=github.cloud.url,
        region_name=REGION,
        aws_access_key_id=deploy_role["AccessKeyId"],
        aws_secret_access_key=deploy_role["SecretAccessKey"],
        aws_session_token=deploy_role["SessionToken"],
    )
    template = {"Resources": {"Queue": {"Type": "AWS::SQS::Queue"}}}
    cloudformation.create_change_set(
        StackName=stack,
        ChangeSetName="proposal",
        ChangeSetType="CREATE",
        TemplateBody=json.dumps(template),
        **request,
    )


def test_deploy_role_deploys_only_with_the_execution_role(
    github: Github, deploy_role: Mapping[str, str]
) -> None:
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateCh"):
        propose(github, deploy_role, SERVICE)
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateCh"):
        propose(github, deploy_role, SERVICE, RoleARN=f"arn:aws:iam::{ACCOUNT}:role/another")


def test_deploy_role_reaches_no_other_stack(github: Github, deploy_role: Mapping[str, str]) -> None:
    role_arn = github.outputs["ExecutionRoleArn"]
    with pytest.raises(ClientError, match="not authorized to perform: cloudformation:CreateCh"):
        propose(github, deploy_role, f"{SERVICE}-2", RoleARN=role_arn)


def test_deploy_role_without_pass_role_cannot_deploy(
    github: Github, deploy_role: Mapping[str, str]
) -> None:
    role_arn = github.outputs["ExecutionRoleArn"]
    with (
        denied(github, github.outputs["DeployRoleArn"], "iam:PassRole"),
        pytest.raises(ClientError, match="not authorized to perform: iam:PassRole"),
    ):
        propose(github, deploy_role, SERVICE, RoleARN=role_arn)


@contextmanager
def denied(github: Github, role_arn: str, action: str) -> Iterator[None]:
    """Remove an action from the statements of a role's policy for the length of the block."""
    iam, role = github.cloud.client("iam"), role_arn.rpartition("/")[2]
    [policy] = iam.list_role_policies(RoleName=role)["PolicyNames"]
    document = iam.get_role_policy(RoleName=role, PolicyName=policy)["PolicyDocument"]
    lesser = [without(statement, action) for statement in document["Statement"]]
    statements = [statement for statement in lesser if statement["Action"]]
    assert document["Statement"] != statements, f"The role {role} does not have {action}"

    def put(body: Any) -> None:
        iam.put_role_policy(RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(body))

    put({**document, "Statement": statements})
    try:
        yield
    finally:
        put(document)


def without(statement: dict[str, Any], action: str) -> dict[str, Any]:
    actions = statement["Action"]
    listed = actions if isinstance(actions, list) else [actions]
    return {**statement, "Action": [one for one in listed if one != action]}


@pytest.mark.parametrize(("resource_type", "action"), REQUESTS)
def test_resource_fails_without_the_permission_that_creates_it(
    github: Github, deployment: Deployment, resource_type: str, action: str
) -> None:
    stack = deployment.stack_with(resource_type)
    with denied(github, github.outputs["ExecutionRoleArn"], action):
        reasons = create(github, stack, resource_type)
    assert any(f"is not authorized to perform: {action} on" in reason for reason in reasons), (
        reasons
    )


def create(github: Github, stack: Deployed, resource_type: str) -> list[str]:
    """Create a stack of one resource in the execution role; return the reasons of its failure."""
    cloudformation = github.cloud.client("cloudformation")
    created = cloudformation.create_stack(
        StackName=stack.name,
        TemplateBody=json.dumps(stack.alone(resource_type)),
        Parameters=stack.parameters,
        RoleARN=github.outputs["ExecutionRoleArn"],
        Tags=[{"Key": "project", "Value": "scones-unlimited"}],
        Capabilities=["CAPABILITY_IAM"],
    )
    assert "ROLLBACK_COMPLETE" == ended(cloudformation, stack.name)
    events = cloudformation.describe_stack_events(StackName=stack.name)["StackEvents"]
    cloudformation.delete_stack(StackName=stack.name)
    assert "DELETE_COMPLETE" == ended(cloudformation, created["StackId"])
    return [
        event["ResourceStatusReason"]
        for event in events
        if event["ResourceStatus"] == "CREATE_FAILED"
    ]


def test_every_resource_type_of_the_service_is_tested(deployment: Deployment) -> None:
    types = {
        resource["Type"]
        for stack in deployment.stacks
        for resource in stack.template["Resources"].values()
    }
    of_a_vpc = {found for found in types if found.startswith("AWS::EC2::")}
    assert types - of_a_vpc == {resource_type for resource_type, _ in REQUESTS}
