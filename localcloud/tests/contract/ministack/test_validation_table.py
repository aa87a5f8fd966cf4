"""docs/validation.md has the rules of the code, each with its test."""

from localcloud.ministack.validation_table import PAGE, TESTS, rules, tables, updated


def test_page_has_the_tables_of_the_code() -> None:
    page = PAGE.read_text()
    assert updated(page) == page
    assert [] == [name for name, table in tables().items() if table not in page]


def test_every_rule_has_a_test() -> None:
    assert [] == [test for _, test in rules() if not (TESTS / test).is_file()]
