"""A part of a page that is generated: what stands between two comments with its name."""


def with_part(page: str, name: str, content: str) -> str:
    """The page with new content in that part.

    Raises:
        ValueError: the page has no such part.
    """
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    start = page.index(begin) + len(begin)
    return page[:start] + content + page[page.index(end, start) :]
