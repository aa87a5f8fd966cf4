"""All patches at once. To be imported when MiniStack's settings are in the environment."""

from functools import cache

from localcloud.ministack import not_emulated, state_saves
from localcloud.ministack.aws_lambda import reserved_concurrency
from localcloud.ministack.cloudformation import (
    execution_role,
    guarded_deletions,
    nested_updates,
    physical_names,
    template_parameters,
    template_urls,
)
from localcloud.ministack.cloudformation import (
    resource_types as cloudformation_types,
)
from localcloud.ministack.cloudwatch import alarm_evaluation, metric_store, service_metrics
from localcloud.ministack.dynamodb import atomic_writes
from localcloud.ministack.eventbridge import dead_letters, log_targets, queue_pipes
from localcloud.ministack.iam import audit_log, secure_transport, unsigned_requests
from localcloud.ministack.logs import log_metrics, logs_queries
from localcloud.ministack.s3 import event_version, full_disk, key_length, version_ids
from localcloud.ministack.stepfunctions import (
    distributed_map,
    error_names,
    event_resources,
    execution_input,
    expression_text,
    expression_time,
    head_object,
    nested_executions,
    packed_histories,
    parsed_expressions,
    parsed_nulls,
    payload_limit,
    retry_delay,
    start_delay,
    task_threads,
    unexpected_errors,
    workflow_logs,
    workflow_role,
)


@cache  # a second call would wrap the wrappers
def install_patches() -> None:
    """Change MiniStack in this process, for good.

    Raises:
        PatchMismatchError: this version of MiniStack is not the one that the patches were written for.
    """
    for module in (
        audit_log,
        start_delay,
        retry_delay,
        parsed_expressions,
        parsed_nulls,
        expression_time,
        expression_text,
        payload_limit,
        unexpected_errors,
        execution_input,
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
        key_length,
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
        physical_names,
        guarded_deletions,
        execution_role,
        nested_updates,
        template_parameters,
        template_urls,
        not_emulated,
        unsigned_requests,
        full_disk,
    ):
        module.install()
