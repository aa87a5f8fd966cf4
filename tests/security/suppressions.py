"""Read the suppressions in the Metadata of the templates, which have a reason and are few.

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
        """Return whether the suppression matches a finding."""
        words = set(re.findall(r"\w+", finding.advice))
        return (
            finding.template == self.template
            and finding.resource in self.resources
            and bool(words & self.checks)
        )


def suppressions(templates: Iterable[Template]) -> list[Suppression]:
    """Return the suppressions in the templates' Metadata."""
    return [
        Suppression(
            template.name, frozenset(one["Checks"]), frozenset(one["Resources"]), one["Reason"]
        )
        for template in templates
        for one in template.data.get("Metadata", {}).get("Suppressions", [])
    ]


def elsewhere(template: Template) -> list[str]:
    """Return resources with a linter's own suppressions, which are not counted."""
    linters = ("cfn-lint", "checkov", "cfn_nag", "guard")
    resources: dict[str, Any] = template.data["Resources"]
    return [
        name
        for name, resource in resources.items()
        if set(resource.get("Metadata", {})) & {*linters}
    ]
