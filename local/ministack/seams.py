"""All seams at once. To be imported when MiniStack's settings are in the environment."""

from functools import cache

from local.ministack import (
    atomic_writes,
    dead_letters,
    distributed_map,
    event_version,
    expression_time,
    head_object,
    nested_executions,
    packed_histories,
    parsed_expressions,
    payload_limit,
    queue_pipes,
    retry_delay,
    secure_transport,
    start_delay,
    state_saves,
    task_threads,
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
        parsed_expressions,
        expression_time,
        payload_limit,
        workflow_role,
        nested_executions,
        packed_histories,
        distributed_map,
        dead_letters,
        event_version,
        head_object,
        queue_pipes,
        secure_transport,
        atomic_writes,
        state_saves,
        task_threads,
    ):
        module.install()
