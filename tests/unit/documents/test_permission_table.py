"""Check the table of permissions in docs/security.md against the template."""

from pathlib import Path

import pytest

from documents.permission_table import PAGE, table, with_table

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def test_page_holds_the_current_table() -> None:
    page = PAGE.read_text()
    assert page == with_table(page), "run `make docs`"


def test_statement_of_a_role_is_a_row_with_its_conditions() -> None:
    condition = "`events:source` is `scones-unlimited`"
    assert (
        f"| AnnounceOutcomes | the role | `events:PutEvents` | `event-bus/default` | {condition} |"
        in table()
    )


def test_trust_of_a_role_names_service_and_source() -> None:
    source = (
        "`aws:SourceAccount` is `<AccountId>`; "
        "`aws:SourceArn` is like `function:<StackName>-classify-image`"
    )
    assert (
        f"| AssumedByThisFunction | `lambda.amazonaws.com` | `sts:AssumeRole` | | {source} |"
        in table().replace("  ", " ")
    )


def test_principal_that_a_parameter_names_is_a_row_with_its_condition() -> None:
    [row] = [
        row for row in table().splitlines() if row.startswith("| AdministerFromCloudFormation")
    ]
    assert "| `<ExecutionRoleArn>` | `kms:GetKeyPolicy`, " in row
    assert row.endswith("| `*` | the stack has HasExecutionRole |")


def test_policy_under_a_condition_says_so() -> None:
    assert "the stack has InVpc; `lambda:SourceFunctionArn` is absent |" in table()
