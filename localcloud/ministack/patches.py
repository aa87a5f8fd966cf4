"""Install all patches of MiniStack.

Import this module when MiniStack's settings are in the environment.
"""

from functools import cache

from localcloud.ministack import not_emulated, state_saves
from localcloud.ministack.aws_lambda import function_settings, reserved_concurrency
from localcloud.ministack.cloudformation import (
    execution_role,
    guarded_deletions,
    known_properties,
    nested_updates,
    passed_roles,
    physical_names,
    template_parameters,
    template_urls,
)
from localcloud.ministack.cloudformation import (
    resource_types as cloudformation_types,
)
from localcloud.ministack.cloudwatch import (
    alarm_evaluation,
    alarm_limits,
    dashboard_bodies,
    metric_math,
    metric_store,
    service_metrics,
)
from localcloud.ministack.dynamodb import atomic_writes, reserved_words
from localcloud.ministack.eventbridge import (
    dead_letters,
    log_targets,
    queue_pipes,
    schedules,
    target_limits,
)
from localcloud.ministack.iam import (
    audit_log,
    object_arns,
    parameter_names,
    policy_sizes,
    request_conditions,
    secure_transport,
    unsigned_requests,
    wildcards,
)
from localcloud.ministack.kms import key_policies
from localcloud.ministack.logs import (
    event_pages,
    filter_checks,
    group_keys,
    log_metrics,
    logs_queries,
)
from localcloud.ministack.s3 import (
    event_version,
    full_disk,
    key_length,
    version_ids,
    xml_answers,
)

PATCHES = (
    audit_log,
    log_targets,
    dead_letters,
    schedules,
    event_version,
    version_ids,
    key_length,
    xml_answers,
    queue_pipes,
    reserved_concurrency,
    secure_transport,
    wildcards,
    object_arns,
    parameter_names,
    atomic_writes,
    state_saves,
    metric_store,
    service_metrics,
    log_metrics,
    event_pages,
    logs_queries,
    alarm_evaluation,
    cloudformation_types,
    physical_names,
    guarded_deletions,
    execution_role,
    passed_roles,  # around the execution role: the caller is checked first
    nested_updates,
    known_properties,  # around the execution role: CloudFormation validates first
    template_parameters,
    template_urls,
    not_emulated,
    unsigned_requests,
    full_disk,
    function_settings,
    key_policies,
    group_keys,
    filter_checks,
    alarm_limits,
    dashboard_bodies,
    reserved_words,
    target_limits,
    policy_sizes,
    metric_math,
    request_conditions,  # around all other decisions, since it removes its notes
)


@cache  # a second call would wrap the functions twice
def install_patches() -> None:
    """Change MiniStack in this process until it ends.

    Raises:
        PatchMismatchError: MiniStack has another version than the patches expect.
    """
    for module in PATCHES:
        module.install()
