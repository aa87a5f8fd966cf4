"""All seams at once. To be imported when MiniStack's settings are in the environment."""

from functools import cache

from local.ministack import (
    dead_letters,
    event_version,
    payload_limit,
    retry_delay,
    secure_transport,
    start_delay,
    workflow_role,
)


@cache  # a second call would wrap the wrappers
def install_seams() -> None:
    """Change MiniStack in this process, for good.

    Raises:
        SeamMovedError: this version of MiniStack is not the one that the seams were written for.
    """
    for module in (
        start_delay,
        retry_delay,
        payload_limit,
        workflow_role,
        dead_letters,
        event_version,
        secure_transport,
    ):
        module.install()
