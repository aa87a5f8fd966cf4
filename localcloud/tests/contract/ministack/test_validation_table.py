"""docs/validation.md lists every rule that the patches check."""

from localcloud.ministack.validation_table import PAGE, rules, updated


def test_page_has_the_table_of_the_code() -> None:
    command = "python -m localcloud.ministack.validation_table"
    assert updated(PAGE.read_text()) == PAGE.read_text(), f"Run: {command}"


def test_every_rule_is_listed_once() -> None:
    listed = [(rule.area, rule.refused) for rule in rules()]
    assert len(set(listed)) == len(listed)
