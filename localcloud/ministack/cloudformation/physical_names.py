"""Shorten the names of resources as CloudFormation does.

MiniStack: cuts stack name and logical id as one text.
AWS: shortens both. AWS does not document the rule; `generated_names` has it.
Source: https://github.com/KensioSoftware/yulin/issues/1113 lists the names of a real stack.
Remove this patch when MiniStack does the same.
"""

from collections.abc import Callable

from ministack.services.cloudformation import provisioners

from localcloud.ministack.cloudformation.generated_names import RANDOM, generated_name
from localcloud.ministack.patch import wrap


def install() -> None:
    """Shorten the names of all resources that stacks create from now on."""
    wrap(
        provisioners,
        "_physical_name",
        "stack_name logical_id lowercase max_len seeded",
        _physical_name,
    )


def _physical_name(
    original: Callable[..., str],
    stack_name: str,
    logical_id: str,
    *,
    lowercase: bool = False,
    max_len: int = 128,
    seeded: bool = True,
) -> str:
    long_enough = len(stack_name) + len(logical_id) + 64
    random = original(stack_name, logical_id, max_len=long_enough, seeded=seeded)[-RANDOM:]
    name = generated_name(stack_name, logical_id, random, max_len)
    return name.lower() if lowercase else name
