"""All seams at once. To be imported when MiniStack's settings are in the environment."""

from functools import cache

from local.ministack import (
    alarm_evaluation,
    atomic_writes,
    audit_log,
    cloudformation_types,
    dead_letters,
    distributed_map,
    error_names,
    event_resources,
    event_version,
    execution_role,
    expression_text,
    expression_time,
    generated_names,
    guarded_deletions,
    head_object,
    log_metrics,
    log_targets,
    logs_queries,
    metric_store,
    nested_executions,
    nested_updates,
    not_emulated,
    packed_histories,
    parsed_expressions,
    payload_limit,
    queue_pipes,
    reserved_concurrency,
    retry_delay,
    secure_transport,
    service_metrics,
    start_delay,
    state_saves,
    task_threads,
    template_parameters,
    template_urls,
    version_ids,
    workflow_logs,
    workflow_role,
)


@cache  # a second call would wrap the wrappers
def install_seams() -> None:
    """Change MiniStack in this process, for good.

    Raises:
        SeamMovedError: this version of MiniStack is not the one that the seams were written for.
    """
    for module in (
        audit_log,
        start_delay,
        retry_delay,
        parsed_expressions,
        expression_time,
        expression_text,
        payload_limit,
        workflow_role,
        nested_executions,
        packed_histories,
        distributed_map,
        log_targets,
        dead_letters,
        event_version,
        event_resources,
        error_names,
        version_ids,
        head_object,
        queue_pipes,
        reserved_concurrency,
        secure_transport,
        atomic_writes,
        state_saves,
        task_threads,
        metric_store,
        service_metrics,
        log_metrics,
        logs_queries,
        workflow_logs,
        alarm_evaluation,
        cloudformation_types,
        generated_names,
        guarded_deletions,
        execution_role,
        nested_updates,
        template_parameters,
        template_urls,
        not_emulated,
    ):
        module.install()
