"""Replace a generated part of a page, which is between two comments with its name."""


def with_part(page: str, name: str, content: str) -> str:
    """Return the page with new content in that part.

    Raises:
        ValueError: The page does not have the part.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    start = page.index(begin) + len(begin)
    return page[:start] + content + page[page.index(end, start) :]
