"""Every policy of every template, resolved as CloudFormation resolves it."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from cli.template import TEMPLATES
from tests.contract.execution_role.resolved import read, resolved
from tests.contract.execution_role.stack import PLACE, Stack, deployment_values
from tests.security.gate.templates import Data

type Kind = Literal["trust", "identity", "resource"]

STACK = Stack("scones-unlimited")
ENDPOINT = "scones-unlimited"  # of the environment dev
REPOSITORY = "octo-org/octo-repo"
PROVIDER = PLACE.arn("AWS::IAM::Role", "").replace(
    "role/", "oidc-provider/token.actions.githubusercontent.com"
)
TRAINING_BUCKET = PLACE.arn("AWS::S3::Bucket", "training-bucket")
DATA_KEY = PLACE.arn("AWS::KMS::Key", "data-key")
VOLUME_KEY = PLACE.arn("AWS::KMS::Key", "volume-key")
# Conditions that choose between two names, and conditions that add statements.
_EITHER = frozenset({"MakesKey", "MakesProvider", "NamesEndpoint"})
_ADDING = frozenset({"EncryptsData", "EncryptsVolumes", "HasExecutionRole", "InVpc", "Traces"})


@dataclass(frozen=True)
class Policy:
    """A policy document.

    Args:
        template: the file name of its template.
        owner: the logical id of the resource that has it.
        kind: trust of a role, permissions of a role or its boundary ("identity"), or of a resource.
        statements: the resolved statements.
    """

    template: str
    owner: str
    kind: Kind
    statements: list[Data]

    @property
    def name(self) -> str:
        """Owner and kind; a role has two policies."""
        return f"{self.owner} ({self.kind})"

    @property
    def only_denies(self) -> bool:
        """Return whether it denies calls that policies of IAM allow, and allows none itself."""
        return all("Deny" == statement["Effect"] for statement in self.statements)


@cache
def all_policies() -> tuple[Policy, ...]:
    """Return the policies of all templates, with everything that parameters add."""
    return tuple(
        policy for template in TEMPLATES for policy in _policies(template, _EITHER | _ADDING)
    )


@cache
def policies_without_options() -> tuple[Policy, ...]:
    """Return the policies of template.yaml, with nothing that a parameter adds."""
    return tuple(_policies("template.yaml", _EITHER))


def _policies(template: str, conditions: frozenset[str]) -> Iterator[Policy]:
    values = _values(template)
    for logical_id, resource in read(template)["Resources"].items():
        documents = list(_documents(resource, values, conditions))
        for kind in ("trust", "identity", "resource"):
            statements = [
                body for of, document in documents if of == kind for body in document["Statement"]
            ]
            if statements:
                yield Policy(template, logical_id, kind, statements)


def _documents(
    resource: Data, values: Mapping[str, str], conditions: frozenset[str]
) -> Iterator[tuple[Kind, Data]]:
    properties = resource.get("Properties", {})
    if "AssumeRolePolicyDocument" in properties:
        yield "trust", resolved(properties["AssumeRolePolicyDocument"], values, conditions)
    if resource["Type"] == "AWS::IAM::Role":
        for policy in resolved(properties.get("Policies", []), values, conditions):
            yield "identity", policy["PolicyDocument"]
    kind: Kind = "identity" if resource["Type"] == "AWS::IAM::ManagedPolicy" else "resource"
    for name in ("PolicyDocument", "KeyPolicy"):
        if name in properties:
            document = resolved(properties[name], values, conditions)
            yield kind, json.loads(document) if isinstance(document, str) else document


@cache
def _values(template: str) -> dict[str, Any]:
    """Return values for the functions in a template's policies."""
    shared = {"EndpointName": ENDPOINT, "AWS::StackName": STACK.name}
    if template == "stacks/github.yaml":
        own = {"Repository": REPOSITORY, "Environment": "dev", "OidcProvider": PROVIDER}
        return deployment_values(STACK.name) | shared | own
    if template == "stacks/training.yaml":
        keys = {"DataKeyArns": [DATA_KEY], "VolumeKeyArns": [VOLUME_KEY]}
        return STACK.values | shared | keys | {"TrainingBucket.Arn": TRAINING_BUCKET}
    if template == "stacks/reviewers.yaml":
        names = {
            f"{name}Name": STACK.named(name).name
            for name in ("ImageBucket", "ResultsTable", "ReviewsTable")
        }
        return STACK.values | shared | names | {"Service": STACK.name, "BacklogPrefix": "archive/"}
    return STACK.values | shared | {"ImageBucketArn": STACK.named("ImageBucket").arn}
