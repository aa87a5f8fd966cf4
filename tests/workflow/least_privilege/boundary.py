"""The permissions boundary of the service's roles, from the stack of GitHub deployments."""

from collections.abc import Iterable
from pathlib import Path

from localcloud.server.cloud import Cloud
from localcloud.server.settings import ACCOUNT
from tests.workflow.least_privilege.policies import Policies, Statement

TEMPLATE = Path(__file__).parents[3] / "stacks/github.yaml"


def boundary(cloud: Cloud, service: str) -> str:
    """Deploy that stack for a service; return the ARN of the boundary."""
    return deployed_roles(cloud, service)["BoundaryArn"]


def deployed_roles(cloud: Cloud, service: str) -> dict[str, str]:
    """Deploy that stack for a service; return its outputs."""
    cloudformation, stack = cloud.client("cloudformation"), f"deploy-{service}"
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    parameters = {
        "Repository": "owner/name",
        "Environment": "prod",
        "Service": service,
        "OidcProviderArn": provider,
    }
    cloudformation.create_stack(
        StackName=stack,
        TemplateBody=TEMPLATE.read_text(),
        Parameters=[
            {"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()
        ],
        Capabilities=["CAPABILITY_IAM"],
    )
    cloudformation.get_waiter("stack_create_complete").wait(
        StackName=stack, WaiterConfig={"Delay": 1}
    )
    [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}


def as_permissions(cloud: Cloud, arn: str, roles: Iterable[str]) -> Policies:
    """Return the boundary as the permissions of each role."""
    iam = cloud.client("iam")
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    document = iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"]
    return Policies(Statement(role, "", body) for role in roles for body in document["Statement"])
