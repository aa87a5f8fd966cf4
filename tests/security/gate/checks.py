"""Run the gate's own checks on all templates and workflow definitions."""

from tests.security.gate.network import check_network
from tests.security.gate.policies import check_policies
from tests.security.gate.principals import check_principals
from tests.security.gate.running import check_running
from tests.security.gate.stored import check_stored
from tests.security.gate.templates import Data, Finding, Template
from tests.security.gate.workflows import check_workflows

TEMPLATE_CHECKS = (check_policies, check_principals, check_stored, check_running, check_network)


def template_findings(template: Template) -> set[Finding]:
    """Return the findings in a template."""
    return {finding for check in TEMPLATE_CHECKS for finding in check(template)}


def definition_findings(definitions: dict[str, Data]) -> set[Finding]:
    """Return the findings in the workflow definitions."""
    return set(check_workflows(definitions))
