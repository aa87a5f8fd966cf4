"""What the gate is told to let pass: in the Metadata of the template itself, with the reason, and few.

    Metadata:
      Suppressions:
        - Checks: [CKV_AWS_21, VersioningConfiguration]
          Resources: [TrainingBucket]
          Reason: Why that is right here.

A check is one of checkov, or the property that the advice of an own check names last.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tests.security.gate.templates import Finding, Template

MOST = 4  # of all templates together


@dataclass(frozen=True)
class Suppression:
    """Checks that may fail for resources of a template."""

    template: str
    checks: frozenset[str]
    resources: frozenset[str]
    reason: str

    def covers(self, finding: Finding) -> bool:
        """Whether it is this that was found."""
        words = set(re.findall(r"\w+", finding.advice))
        return (
            finding.template == self.template
            and finding.resource in self.resources
            and bool(words & self.checks)
        )


def suppressions(templates: Iterable[Template]) -> list[Suppression]:
    """What the templates' Metadata says."""
    return [
        Suppression(
            template.name, frozenset(one["Checks"]), frozenset(one["Resources"]), one["Reason"]
        )
        for template in templates
        for one in template.data.get("Metadata", {}).get("Suppressions", [])
    ]


def elsewhere(template: Template) -> list[str]:
    """Resources that tell a linter of their own to look away, which nobody would count."""
    linters = ("cfn-lint", "checkov", "cfn_nag", "guard")
    resources: dict[str, Any] = template.data["Resources"]
    return [
        name
        for name, resource in resources.items()
        if set(resource.get("Metadata", {})) & {*linters}
    ]
