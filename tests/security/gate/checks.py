"""All of the gate's own checks, over all templates and over the workflows' definitions."""

from tests.security.gate.network import check_network
from tests.security.gate.policies import check_policies
from tests.security.gate.principals import check_principals
from tests.security.gate.running import check_running
from tests.security.gate.stored import check_stored
from tests.security.gate.templates import Data, Finding, Template
from tests.security.gate.workflows import check_workflows

TEMPLATE_CHECKS = (check_policies, check_principals, check_stored, check_running, check_network)


def template_findings(template: Template) -> set[Finding]:
    """What the checks find in a template."""
    return {finding for check in TEMPLATE_CHECKS for finding in check(template)}


def definition_findings(definitions: dict[str, Data]) -> set[Finding]:
    """What the checks find in the workflows' definitions."""
    return set(check_workflows(definitions))
