from cli.names import rows_of, shorten

NAMES = [f"class {number}" for number in range(1000)]


def test_short_list_is_shown_whole() -> None:
    assert "automobile, truck" == shorten(["automobile", "truck"])


def test_long_list_ends_with_the_number_of_the_others() -> None:
    assert "class 8, class 9, 990 more" in shorten(NAMES)


def test_hundred_names_have_rows_and_others_are_counted() -> None:
    assert (NAMES[:100], "900 more classes") == rows_of(NAMES, "classes")


def test_few_names_all_have_rows() -> None:
    assert (NAMES[:100], "") == rows_of(NAMES[:100], "classes")
