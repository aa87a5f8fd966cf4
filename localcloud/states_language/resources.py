"""Check the resources that tasks call, also in EXPRESS workflows.

Source: Step Functions, "Integrating services with Step Functions" and "Choosing workflow type".
"""

import re

from localcloud.states_language.maps import is_distributed
from localcloud.states_language.sdk_actions import is_sdk_action
from localcloud.states_language.workflow import Places, Workflow

_ARN = re.compile(r"arn:(aws|aws-cn|aws-us-gov):([a-z0-9-]+):([a-z0-9-]*):(\d*):(.+)")
_SDK = "aws-sdk"
_WAITING = re.compile(r"\.(sync|sync:2|waitForTaskToken)$")
# Integrations that cannot wait for a job ("Integrating services with Step Functions").
_WITHOUT_JOBS = {"apigateway", _SDK, "dynamodb", "events", "http", "lambda", "sns", "sqs"}
# Optimized integrations, by service. s3 is missing: only maps read and write it.
OPTIMIZED = {
    "apigateway": {"invoke"},
    "athena": {"startQueryExecution", "stopQueryExecution", "getQueryExecution", "getQueryResults"},
    "batch": {"submitJob"},
    "bedrock": {"invokeModel", "createModelCustomizationJob"},
    "codebuild": {"startBuild", "stopBuild", "batchDeleteBuilds", "batchGetReports"}
    | {"startBuildBatch", "stopBuildBatch", "retryBuildBatch", "deleteBuildBatch"},
    "databrew": {"startJobRun"},
    "dynamodb": {"getItem", "putItem", "updateItem", "deleteItem"},
    "ecs": {"runTask"},
    "eks": {
        "createCluster",
        "deleteCluster",
        "createNodegroup",
        "deleteNodegroup",
        "runJob",
        "call",
    }
    | {"createFargateProfile", "deleteFargateProfile"},
    "elasticmapreduce": {"createCluster", "terminateCluster", "addStep", "cancelStep"}
    | {"setClusterTerminationProtection", "modifyInstanceFleetByName", "modifyInstanceGroupByName"},
    "emr-containers": {"createVirtualCluster", "deleteVirtualCluster", "startJobRun"},
    "emr-serverless": {
        "createApplication",
        "startApplication",
        "stopApplication",
        "deleteApplication",
    }
    | {"startJobRun", "cancelJobRun"},
    "events": {"putEvents"},
    "glue": {"startJobRun"},
    "http": {"invoke"},
    "lambda": {"invoke"},
    "mediaconvert": {"createJob"},
    "sagemaker": {
        "createTrainingJob",
        "createTransformJob",
        "createHyperParameterTuningJob",
        "createLabelingJob",
    }
    | {
        "createProcessingJob",
        "createModel",
        "createEndpointConfig",
        "createEndpoint",
        "updateEndpoint",
    },
    "sns": {"publish"},
    "sqs": {"sendMessage"},
    "states": {"startExecution"},
}


def wrong_resource(workflow: Workflow) -> Places:
    """Find tasks whose resource is not an ARN of an existing integration."""
    for state in workflow.states:
        resource = state.fields.get("Resource")
        if state.type == "Task" and isinstance(resource, str) and not _exists(resource):
            yield f"{state.path}/Resource", f"{resource!r} is not a resource that a task can call."


def waiting_in_express(workflow: Workflow) -> Places:
    """Find tasks of an EXPRESS workflow that wait for a job, a callback or an activity."""
    for state in workflow.states if workflow.express else ():
        resource = state.fields.get("Resource")
        if isinstance(resource, str) and (_WAITING.search(resource) or ":activity:" in resource):
            yield (
                f"{state.path}/Resource",
                f"An EXPRESS workflow cannot wait: {resource!r} needs a STANDARD one.",
            )


def distributed_in_express(workflow: Workflow) -> Places:
    """Find distributed maps of an EXPRESS workflow."""
    for state in workflow.states if workflow.express else ():
        if is_distributed(state):
            yield state.path, "An EXPRESS workflow cannot have a distributed map."


def _exists(resource: str) -> bool:
    arn = _ARN.fullmatch(resource)
    if not arn:
        return False

    _, service, region, account, name = arn.groups()
    if service == "lambda":
        return bool(region and account) and name.startswith("function:")

    if service != "states":
        return False

    if region or account:
        return name.startswith("activity:")

    called = _WAITING.sub("", name)
    integration, _, action = called.partition(":")
    if ".sync" in name.removeprefix(called) and integration in _WITHOUT_JOBS:
        return False

    if integration == _SDK:
        return is_sdk_action(*action.rpartition(":")[::2])

    return action in OPTIMIZED.get(integration, set())
