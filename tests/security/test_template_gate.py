"""Every template passes the gate's own checks, cfn-lint with serverless rules, and checkov."""

from collections.abc import Iterable, Iterator

import pytest

from tests.security.gate.checks import definition_findings, template_findings
from tests.security.gate.templates import Finding, Template, definitions, templates
from tests.security.linters import cfn_lint, checkov
from tests.security.suppressions import MOST, elsewhere, suppressions

TEMPLATES = templates()
SUPPRESSIONS = suppressions(TEMPLATES)


def open_findings(found: Iterable[Finding]) -> list[str]:
    return sorted(str(one) for one in found if not any(s.covers(one) for s in SUPPRESSIONS))


@pytest.fixture(scope="module")
def checkov_findings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[set[Finding]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "AWS_DEFAULT_REGION", "eu-central-1"
        )  # SAM's translator will not do without one
        yield checkov(TEMPLATES, tmp_path_factory.mktemp("translated"))


def test_service_and_training_have_templates() -> None:
    assert {"template.yaml", "stacks/training.yaml"} <= {template.name for template in TEMPLATES}


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_template_passes_the_own_checks(template: Template) -> None:
    found = open_findings(template_findings(template))
    assert [] == found, "\n".join(found)


def test_workflows_pass_the_own_checks() -> None:
    found = open_findings(definition_findings(definitions()))
    assert [] == found, "\n".join(found)


def test_cfn_lint_with_the_serverless_rules_finds_nothing() -> None:
    said = cfn_lint([template.name for template in TEMPLATES])
    assert "" == said, said


def test_checkov_finds_nothing(checkov_findings: set[Finding]) -> None:
    found = open_findings(checkov_findings)
    assert [] == found, "\n".join(found)


def test_every_suppression_is_needed(checkov_findings: set[Finding]) -> None:
    own = {finding for template in TEMPLATES for finding in template_findings(template)}
    assert [] == [
        s for s in SUPPRESSIONS if not any(s.covers(one) for one in own | checkov_findings)
    ]


def test_suppressions_are_few_and_say_why() -> None:
    assert MOST >= len(SUPPRESSIONS)
    assert [] == [s for s in SUPPRESSIONS if not s.reason.endswith(".")]


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_nothing_is_suppressed_elsewhere(template: Template) -> None:
    assert [] == elsewhere(template)
