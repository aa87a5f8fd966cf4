"""template.yaml and samconfig.toml follow the house rules; tests/security has the controls."""

import re
import subprocess
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from cli.outcomes import FINAL
from review import answers
from review.events import DETAIL_TYPE, UNDONE
from review.service.queue import INDEX
from training.project.naming import Names

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(
    path.name for path in (ROOT / "functions").iterdir() if (path / "app.py").exists()
)


def test_the_service_has_its_three_functions() -> None:
    assert ["classify_image", "filter_inferences", "serialize_image"] == FUNCTIONS


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_same_words_name_folder_resource_state_and_test(
    function: str, resources: dict[str, Any], states: dict[str, Any]
) -> None:
    logical_id = "".join(word.capitalize() for word in function.split("_")) + "Function"
    properties = resources[logical_id]["Properties"]
    assert f"functions/{function}" == properties["CodeUri"]
    assert f"functions.{function}.app.lambda_handler" == properties["Handler"]
    assert function.replace("_", " ").capitalize() in states
    assert list((ROOT / "tests/unit/functions").glob(f"**/*{function}*"))


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_has_its_own_role_and_log_group_with_retention(
    function: str, resources: dict[str, Any]
) -> None:
    name = "".join(word.capitalize() for word in function.split("_"))
    properties = resources[f"{name}Function"]["Properties"]
    group = resources[f"{name}LogGroup"]["Properties"]
    assert {"Fn::GetAtt": [f"{name}Role", "Arn"]} == properties["Role"]
    by_environment = {
        "Fn::FindInMap": ["Environments", {"Ref": "Environment"}, "LogRetentionInDays"]
    }
    assert {"Fn::If": ["SetsLogRetention", {"Ref": "LogRetentionInDays"}, by_environment]} == group[
        "RetentionInDays"
    ]
    assert (
        "/aws/lambda/" + properties["FunctionName"]["Fn::Sub"] == group["LogGroupName"]["Fn::Sub"]
    )


def test_functions_are_python_3_13_on_arm64_by_default(template: dict[str, Any]) -> None:
    function = template["Globals"]["Function"]
    assert "python3.13" == function["Runtime"]
    assert [{"Ref": "Architecture"}] == function["Architectures"]
    assert ("arm64", ["arm64", "x86_64"]) == tuple(
        template["Parameters"]["Architecture"][key] for key in ("Default", "AllowedValues")
    )


def test_every_parameter_is_described_and_bounded(template: dict[str, Any]) -> None:
    for name, parameter in template["Parameters"].items():
        assert parameter["Description"].endswith("."), name
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & set(parameter), name


def test_every_parameter_but_the_environment_has_a_default(template: dict[str, Any]) -> None:
    assert ["Environment"] == [
        name for name, one in template["Parameters"].items() if "Default" not in one
    ]


def test_endpoint_and_log_retention_follow_from_the_environment_and_have_allowed_values(
    template: dict[str, Any],
) -> None:
    environments, parameters = template["Mappings"]["Environments"], template["Parameters"]
    assert set(parameters["Environment"]["AllowedValues"]) == set(environments)
    for environment in environments.values():
        assert re.fullmatch(
            parameters["EndpointName"]["AllowedPattern"], environment["EndpointName"]
        )
        assert (
            environment["LogRetentionInDays"] in parameters["LogRetentionInDays"]["AllowedValues"]
        )


def test_endpoint_of_an_environment_is_the_one_that_the_training_tool_makes(
    template: dict[str, Any],
) -> None:
    environments = template["Mappings"]["Environments"]
    assert {name: Names(environment=name).endpoint for name in environments} == {
        name: defaults["EndpointName"] for name, defaults in environments.items()
    }


def test_rules_use_the_functions_that_cloudformation_takes_in_rules(
    template: dict[str, Any],
) -> None:
    # CloudFormation Template Reference, "Rule functions": without Fn::If, which cfn-lint accepts.
    allowed = {
        "And",
        "Contains",
        "EachMemberEquals",
        "EachMemberIn",
        "Equals",
        "Not",
        "Or",
        "RefAll",
    }
    allowed = {f"Fn::{name}" for name in allowed | {"ValueOf", "ValueOfAll"}} | {"Ref"}
    expressions = [rule["RuleCondition"] for rule in template["Rules"].values()]
    expressions += [
        one["Assert"] for rule in template["Rules"].values() for one in rule["Assertions"]
    ]
    assert functions(expressions) <= allowed


def functions(expression: Any) -> set[str]:
    """The name of every function in an expression."""
    if isinstance(expression, dict):
        return set(expression).union(*map(functions, expression.values()))
    return set().union(*map(functions, expression)) if isinstance(expression, list) else set()


def test_every_rule_has_a_sentence_with_the_valid_values(template: dict[str, Any]) -> None:
    for name, rule in template["Rules"].items():
        assert all(
            re.search(r"\. Give [\w ,]+\.$", one["AssertDescription"]) for one in rule["Assertions"]
        ), name


def test_nothing_is_bound_to_one_region_or_partition() -> None:
    assert not re.search(
        r"arn:aws[:-]|us-east-1|amazonaws\.com\.cn", (ROOT / "template.yaml").read_text()
    )


def test_upload_rule_takes_only_created_objects_under_uploads(resources: dict[str, Any]) -> None:
    pattern = resources["UploadRule"]["Properties"]["EventPattern"]
    assert {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {
            "bucket": {"name": [{"Ref": "ImageBucket"}]},
            "object": {"key": [{"prefix": "uploads/"}]},
        },
    } == pattern


@pytest.mark.parametrize(
    ("rule", "queue"),
    [
        ("UploadRule", "FailureQueue"),
        ("FailureRule", "FailureDeadLetterQueue"),
        ("WaitingAgeSchedule", "ReviewDeadLetterQueue"),
        ("TagRule", "ReviewDeadLetterQueue"),
    ],
)
def test_rule_sends_undelivered_events_to_a_queue(
    rule: str, queue: str, resources: dict[str, Any]
) -> None:
    [target] = resources[rule]["Properties"]["Targets"]
    assert {"Fn::GetAtt": [queue, "Arn"]} == target["DeadLetterConfig"]["Arn"]


def test_every_rule_may_send_to_its_queues_and_nobody_else_may(resources: dict[str, Any]) -> None:
    upload, failure, schedule, tags = (
        {"Fn::GetAtt": [rule, "Arn"]}
        for rule in ("UploadRule", "FailureRule", "WaitingAgeSchedule", "TagRule")
    )
    for queue, rules in {
        "FailureQueue": [upload, failure],
        "FailureDeadLetterQueue": failure,
        "ReviewDeadLetterQueue": [schedule, tags],
    }.items():
        [statement] = resources[f"{queue}Policy"]["Properties"]["PolicyDocument"]["Statement"]
        assert {
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": {"Fn::GetAtt": [queue, "Arn"]},
            "Condition": {"ArnEquals": {"aws:SourceArn": rules}},
        } == {name: value for name, value in statement.items() if name != "Sid"}


@pytest.mark.parametrize(
    "logical_id", ["EncryptionKey", "ImageBucket", "ResultsTable", "ReviewsTable"]
)
def test_failed_creation_deletes_all_and_deletion_retains_data(
    logical_id: str, resources: dict[str, Any]
) -> None:
    assert "RetainExceptOnCreate" == resources[logical_id]["DeletionPolicy"]
    assert "Retain" == resources[logical_id]["UpdateReplacePolicy"]


def test_failure_rule_receives_every_failed_end_of_the_workflow_for_one_image(
    resources: dict[str, Any],
) -> None:
    assert {
        "source": ["aws.states"],
        "detail-type": ["Step Functions Execution Status Change"],
        "detail": {
            "stateMachineArn": [{"Ref": "ImageClassificationWorkflow"}],
            "status": ["FAILED", "TIMED_OUT", "ABORTED"],
        },
    } == resources["FailureRule"]["Properties"]["EventPattern"]


@pytest.mark.parametrize(
    ("trusted", "source"),
    [
        (True, ""),
        (True, "/list"),
        (True, "/prefix"),
        (False, "-of-another"),
        (False, "-of-another/list"),
    ],
)
def test_backlog_role_trusts_the_backlog_workflow_and_its_maps_children(
    trusted: bool, source: str, resources: dict[str, Any], definitions: dict[str, dict[str, Any]]
) -> None:
    labels = {
        state["Label"]
        for state in definitions["backlog"]["States"].values()
        if state["Type"] == "Map"
    }
    assert {"list", "prefix"} == labels
    [statement] = resources["BacklogWorkflowRole"]["Properties"]["AssumeRolePolicyDocument"][
        "Statement"
    ]
    patterns = [arn["Fn::Sub"] for arn in statement["Condition"]["ArnLike"]["aws:SourceArn"]]
    machine = resources["BacklogWorkflow"]["Properties"]["Name"]["Fn::Sub"]
    [own] = [pattern for pattern in patterns if pattern.endswith(f":stateMachine:{machine}")]
    assert trusted is any(fnmatchcase(own + source, pattern) for pattern in patterns)


def test_image_bucket_is_private_versioned_and_announces_uploads(resources: dict[str, Any]) -> None:
    bucket = resources["ImageBucket"]["Properties"]
    assert {"Status": "Enabled"} == bucket["VersioningConfiguration"]
    assert {True} == set(bucket["PublicAccessBlockConfiguration"].values())
    assert (
        bucket["NotificationConfiguration"]["EventBridgeConfiguration"]["EventBridgeEnabled"]
        is True
    )


def test_results_table_is_on_demand_with_one_item_for_an_image_version(
    resources: dict[str, Any],
) -> None:
    table = resources["ResultsTable"]["Properties"]
    assert "PAY_PER_REQUEST" == table["BillingMode"]
    assert ["image_url", "version"] == [key["AttributeName"] for key in table["KeySchema"]]
    [index] = table["LocalSecondaryIndexes"]
    assert ["image_url", "uploaded_at"] == [key["AttributeName"] for key in index["KeySchema"]]


def test_index_of_waiting_images_is_sparse_and_ordered_by_age(resources: dict[str, Any]) -> None:
    # A record without the attribute waits_for is not in the index.
    [index] = resources["ResultsTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert INDEX == index["IndexName"]
    assert ["waits_for", "recorded_at"] == [key["AttributeName"] for key in index["KeySchema"]]
    assert {"ProjectionType": "ALL"} == index["Projection"]


def test_reviews_table_has_one_item_for_each_answer(resources: dict[str, Any]) -> None:
    table = resources["ReviewsTable"]["Properties"]
    assert "PAY_PER_REQUEST" == table["BillingMode"]
    assert ["image_url", "answer"] == [key["AttributeName"] for key in table["KeySchema"]]


def test_index_of_answers_is_ordered_by_time(resources: dict[str, Any]) -> None:
    [index] = resources["ReviewsTable"]["Properties"]["GlobalSecondaryIndexes"]
    assert answers.INDEX == index["IndexName"]
    assert ["log", "answered_at"] == [key["AttributeName"] for key in index["KeySchema"]]
    assert {"ProjectionType": "ALL"} == index["Projection"]


def test_audit_salt_is_the_part_of_the_stack_id_that_nobody_can_guess(
    resources: dict[str, Any],
) -> None:
    variables = resources["FilterInferencesFunction"]["Properties"]["Environment"]["Variables"]
    assert {"Ref": "AuditShare"} == variables["AUDIT_SHARE"]
    split = {"Fn::Split": ["/", {"Ref": "AWS::StackId"}]}
    assert {"Fn::Select": [2, split]} == variables["AUDIT_SALT"]


def test_key_encrypts_every_log_group_and_no_other(
    resources: dict[str, Any], monitoring: dict[str, Any]
) -> None:
    groups = [
        one["Properties"]["LogGroupName"]["Fn::Sub"]
        for one in resources.values()
        if "LogGroup" in one["Type"]
    ]
    groups += [
        one["Properties"]["LogGroupName"]["Fn::Sub"].replace("${Service}", "${AWS::StackName}")
        for one in monitoring["Resources"].values()
        if one["Type"] == "AWS::Logs::LogGroup"
    ]
    [encrypt] = [
        statement
        for statement in resources["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]
        if statement.get("Sid") == "EncryptLogs"
    ]
    allowed = encrypt["Condition"]["ArnEquals"]["kms:EncryptionContext:aws:logs:arn"]
    assert sorted(groups) == sorted(arn["Fn::Sub"].partition(":log-group:")[2] for arn in allowed)


@pytest.mark.parametrize(
    ("sid", "key"), [("SendToQueues", "aws:sqs:arn"), ("PublishAlarms", "aws:sns:topicArn")]
)
def test_key_asks_for_no_source_that_a_service_is_not_known_to_send(
    resources: dict[str, Any], sid: str, key: str
) -> None:
    # SNS: aws:SourceAccount and aws:SourceArn are not supported from EventBridge.
    statements = resources["EncryptionKey"]["Properties"]["KeyPolicy"]["Statement"]
    [conditions] = [one["Condition"].values() for one in statements if one.get("Sid") == sid]
    assert [{f"kms:EncryptionContext:{key}"}] == [set(operands) for operands in conditions]


@pytest.mark.parametrize(
    ("config_env", "environment"), [("default", "dev"), ("prod", "prod"), ("local", "dev")]
)
def test_samconfig_names_the_environment(
    samconfig: dict[str, Any], config_env: str, environment: str
) -> None:
    assert (
        f"Environment={environment}"
        == samconfig[config_env]["global"]["parameters"]["parameter_overrides"]
    )


def test_build_and_deploy_read_the_same_parameters(samconfig: dict[str, Any]) -> None:
    # A section of the command's own would come before the global one.
    commands = [
        command for name, one in samconfig.items() if name != "version" for command in one.items()
    ]
    assert [] == [
        name
        for name, one in commands
        if name != "global" and "parameter_overrides" in one["parameters"]
    ]


def test_samconfig_has_the_three_environments(samconfig: dict[str, Any]) -> None:
    assert {"version", "default", "prod", "local"} == set(samconfig)


def test_local_sync_needs_nothing_that_the_local_cloud_lacks(samconfig: dict[str, Any]) -> None:
    options = samconfig["local"]["sync"]["parameters"]
    assert options["dependency_layer"] is False  # a nested stack with AWS::Serverless::LayerVersion
    # CreateStack, which sync calls without a change set, expands the template's Transform.
    assert "CAPABILITY_AUTO_EXPAND" in options["capabilities"].split()


def test_sam_finds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("SAM_CLI_TELEMETRY", "0")
    command = ["sam", "validate", "--lint"]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert 0 == result.returncode, result.stdout + result.stderr


def test_lifecycle_deletes_only_versions_with_the_tag_that_the_workflow_sets(
    resources: dict[str, Any], definitions: dict[str, dict[str, Any]]
) -> None:
    rules = resources["ImageBucket"]["Properties"]["LifecycleConfiguration"]["Rules"]
    [expiry] = [rule for rule in rules if "NoncurrentVersionExpiration" in rule]
    [tag] = expiry["TagFilters"]
    written = definitions["tag_version"]["States"]["Write tags"]["Arguments"]["Tagging"]["TagSet"]
    assert f"{{'Key': '{tag['Key']}', 'Value': '{tag['Value']}'}}" in written


def test_versions_are_tagged_after_every_event_of_workflow_and_review_page(
    resources: dict[str, Any],
) -> None:
    pattern = resources["TagRule"]["Properties"]["EventPattern"]
    assert {"Image Decided", DETAIL_TYPE, UNDONE} == set(pattern["detail-type"])
    assert set(FINAL) == set(pattern["detail"]["outcome"])
