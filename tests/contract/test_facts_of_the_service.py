"""Compare facts in code with the same facts in the template, a definition or a page."""

import json
import re
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cli.outcomes import FAILED, OUTCOMES
from cli.service import BACKLOG_WORKFLOW, OUTPUTS
from documents.error_table import longest_wait
from functions.classify_image.app import ENDPOINT_CONFIG, SERVERLESS_CONFIG
from functions.serialize_image.app import S3_CONFIG
from functions.serialize_image.bounded_decoder import MAX_SECONDS
from functions.serialize_image.decoder_process import MAX_GROWTH_BYTES
from functions.serialize_image.file_format import ALLOWED_FORMATS
from functions.serialize_image.image_preparation import MAX_PIXELS
from tests.soak.endpoint_calls import SERVERLESS_ERRORS, calls_per_execution
from training.endpoint.alarms import ERROR_SHARE, NO_HISTORY
from training.statistics.drift import DECISIONS
from training.statistics.image_statistics import STATISTICS
from training.statistics.precision_guarantee import PrecisionGuarantee, precision_bound

ROOT = Path(__file__).parents[2]
NUMBERS = ("no", "one", "two", "three", "four", "five", "six")
DECODER_MB = 40  # memory of the decoding process before its first image


def text_of(page: str) -> str:
    """Return a page of the documentation."""
    return (ROOT / page).read_text(encoding="utf-8")


def members(value: Any, wanted: str) -> Iterator[Any]:
    """Yield the members of a JSON value with this name, at any depth."""
    if isinstance(value, dict):
        for name, member in value.items():
            if name == wanted:
                yield member
            yield from members(member, wanted)
    elif isinstance(value, list):
        for member in value:
            yield from members(member, wanted)


def literals(text: str) -> set[str]:
    """Return a text, or the literals in capitals of a JSONata expression."""
    if text.startswith("{%"):
        return set(re.findall(r"'([A-Z_]+)'", text))
    return {text}


def test_workflows_record_exactly_the_outcomes(definitions: dict[str, dict[str, Any]]) -> None:
    recorded: set[str] = set()
    for value in members(definitions, "outcome"):
        recorded |= literals(value["S"] if isinstance(value, dict) else value)
    assert set(OUTCOMES) == recorded


def test_readme_explains_every_outcome() -> None:
    explained = re.findall(r"^\| `([A-Z]+)` \|", text_of("README.md"), re.MULTILINE)
    assert list(OUTCOMES) == explained
    equation = " + ".join(outcome.lower() for outcome in OUTCOMES)
    assert f"**uploads = {equation}**" in text_of("README.md")


def test_readme_shows_an_answer_of_the_workflow() -> None:
    event = json.loads(text_of("events/image_decided.json"))
    blocks = re.findall(r"^```json\n(.*?)^```", text_of("README.md"), re.MULTILINE | re.DOTALL)
    [answer] = [json.loads(block) for block in blocks if '"outcome"' in block]
    assert list(event["detail"]) == list(answer)


def test_stack_has_every_output_that_the_tools_read(template: dict[str, Any]) -> None:
    assert {*OUTPUTS.values(), BACKLOG_WORKFLOW} <= template["Outputs"].keys()


def test_decoding_process_takes_three_quarters_of_the_functions_memory(
    resources: dict[str, Any],
) -> None:
    memory = resources["SerializeImageFunction"]["Properties"]["MemorySize"]
    assert DECODER_MB + MAX_GROWTH_BYTES / 1024**2 <= 0.75 * memory


def test_image_is_read_and_decoded_before_the_function_ends(template: dict[str, Any]) -> None:
    client = vars(S3_CONFIG)
    attempt = client["connect_timeout"] + client["read_timeout"]
    reading = client["retries"]["total_max_attempts"] * attempt
    assert reading + MAX_SECONDS < template["Globals"]["Function"]["Timeout"] - 2


def test_page_names_the_calls_of_an_endpoint_on_instances(definition: dict[str, Any]) -> None:
    calls = NUMBERS[calls_per_execution(definition)]
    assert f"more than {calls} calls in one execution" in text_of("docs/operations.md")


def test_page_names_the_calls_of_a_serverless_endpoint(states: dict[str, Any]) -> None:
    retriers = states["Classify image"]["Retry"]
    [retrier] = [one for one in retriers if set(one["ErrorEquals"]) == SERVERLESS_ERRORS]
    calls = 1 + retrier["MaxAttempts"]
    usual, longer = (vars(one)["read_timeout"] for one in (ENDPOINT_CONFIG, SERVERLESS_CONFIG))
    page = text_of("docs/operations.md")

    assert f"waits {longer} seconds for an answer instead of {usual}" in page
    assert f"the state retries {retrier['MaxAttempts']} times" in page
    # Full jitter draws half of the longest wait on average.
    mean_wait = f"{longest_wait(retrier) / 2:.0f} seconds on average"
    assert f"The {calls} calls take {calls * longer} seconds" in page
    assert f"the waits add {mean_wait}" in page


def test_page_names_the_timeout_of_a_function(template: dict[str, Any]) -> None:
    seconds = template["Globals"]["Function"]["Timeout"]
    assert f"a function has {seconds} seconds" in text_of("docs/troubleshooting.md")


def test_updates_of_an_endpoint_are_watched_with_the_thresholds_of_the_service(
    monitoring: dict[str, Any],
) -> None:
    alarms = {name: one["Properties"] for name, one in monitoring["Resources"].items()}
    assert alarms["EndpointErrorsAlarm"]["Threshold"] == ERROR_SHARE
    assert alarms["EndpointLatencyAlarm"]["Threshold"] == NO_HISTORY


def test_readme_names_the_formats_and_limits_of_an_image() -> None:
    [limits] = re.findall(r"^- JPEG.*?(?=^- )", text_of("README.md"), re.MULTILINE | re.DOTALL)
    limits = " ".join(limits.split())
    assert [] == [name for name in ALLOWED_FORMATS if name.lower() not in limits.lower()]
    assert f"{MAX_PIXELS / 1e6:.0f} megapixels" in limits
    assert f"{MAX_SECONDS:.0f} s of processor time" in limits
    assert f"{MAX_GROWTH_BYTES / 1e9:.0f} GB to decode" in limits


def test_page_names_the_limits_of_the_decoding_process() -> None:
    limits = f"{MAX_GROWTH_BYTES / 1e9:.0f} GB and {MAX_SECONDS:.0f} s for an image"
    assert limits in text_of("docs/security.md")


def test_page_lists_every_parameter_of_the_template(template: dict[str, Any]) -> None:
    section = text_of("docs/operations.md").partition("\n## Parameters")[2].partition("\n## ")[0]
    listed = dict(re.findall(r"^\| `(\w+)` \| ([^|]*) \|", section, re.MULTILINE))
    defaults = {
        name: str(parameter.get("Default", "required")) or "none"
        for name, parameter in template["Parameters"].items()
    }
    defaults["EndpointName"] = "by environment"
    assert defaults == {name: default.strip("` ") for name, default in listed.items()}


def test_readme_names_parameters_with_the_defaults_of_the_operations_page() -> None:
    rows = re.findall(r"^\| `[A-Z]\w+[a-z]` \| [^|]* \|", text_of("README.md"), re.MULTILINE)
    assert rows
    assert [] == [row for row in rows if row not in text_of("docs/operations.md")]


@pytest.mark.parametrize("precision", [0.9, 0.95, 0.97, 0.99])
def test_page_names_the_images_that_a_precision_guarantee_takes(precision: float) -> None:
    guarantee = PrecisionGuarantee(precision, 0.95)
    needed = [
        next(
            accepted
            for accepted in count(guarantee.fewest)
            if precision_bound(np.array(accepted - wrong), np.array(accepted), guarantee.risk)
            >= precision
        )
        for wrong in (0, 1, 2)
    ]
    row = f"| {precision:.2f} | {needed[0]} | {needed[1]} | {needed[2]} |"
    assert row in text_of("docs/training.md")


def test_page_explains_every_statistic_that_can_drift() -> None:
    page = text_of("docs/operations.md")
    table = page.partition("| what drifted | look for |")[2].partition("\n\n")[0]
    named = {
        name for row in table.splitlines()[2:] for name in row.split("|")[1].strip().split(", ")
    }
    assert {*DECISIONS, *STATISTICS} == named


TOOLS = ("benchmarks", "cli", "documents", "examples", "operations", "training", "tests/soak")
# FAILED is also a status of executions and of training jobs.
NAMES = {*OUTPUTS.values(), BACKLOG_WORKFLOW, *OUTCOMES} - {FAILED}


def test_tools_name_outcomes_and_outputs_in_one_module_each() -> None:
    quoted = re.compile(rf"""(["'])({"|".join(NAMES)})\1""")
    named = {
        path.relative_to(ROOT).as_posix()
        for tool in TOOLS
        for path in (ROOT / tool).rglob("*.py")
        if quoted.search(path.read_text(encoding="utf-8"))
    }
    assert {"cli/outcomes.py", "cli/service.py"} == named
