"""The names that CloudFormation gives to resources whose template names none.

AWS documents the form (`<stack>-<logical id>-<random>`) and not how it is shortened. This rule reproduces the names of
three resources of one real stack, which https://github.com/KensioSoftware/yulin/issues/1113 lists.
"""

RANDOM = 12  # characters at the end


def generated_name(stack: str, logical_id: str, random: str, longest: int) -> str:
    """Return the name of a resource, shortened to what its service allows.

    Stack and logical id share the space before the random characters; the stack's share is the larger by one. A stack
    name that is shorter than its share leaves the rest to the logical id. Whether the reverse holds too is unknown, so
    that a long stack name never gets more than its share here: policies have to match it also then.

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
