"""Generate the names of resources that a template does not name, as CloudFormation does.

AWS documents the form (`<stack>-<logical id>-<random>`), but not how it is shortened. This rule
reproduces the names of three resources of a real stack, which
https://github.com/KensioSoftware/yulin/issues/1113 lists.
"""

RANDOM = 12  # characters at the end


def generated_name(stack: str, logical_id: str, random: str, longest: int) -> str:
    """Return the name of a resource, shortened to the limit of its service.

    Stack and logical id share the space before the random characters; the stack's share is the
    larger by one. A stack name that is shorter than its share leaves the rest to the logical id.
    Whether the reverse holds is unknown. Here a long stack name never gets more than its share, so
    that policies match it in both cases.

    Args:
        stack: the stack's name.
        logical_id: the resource's logical id.
        random: the characters at the end, RANDOM of them.
        longest: the most characters that the service allows.
    """
    whole = f"{stack}-{logical_id}-{random}"
    if len(whole) <= longest:
        return whole
    space = longest - RANDOM - 2  # two hyphens
    of_stack = stack[: (space + 1) // 2]
    return f"{of_stack}-{logical_id[: space - len(of_stack)]}-{random}"
