"""Check Map states.

Source: "Map State" in the specification; Step Functions, "Using Map state in Distributed mode".
"""

from localcloud.states_language.expressions import is_expression
from localcloud.states_language.values import integer
from localcloud.states_language.workflow import JSONATA, Places, State, Workflow, nested

MODES = ("INLINE", "DISTRIBUTED")
EXECUTION_TYPES = ("STANDARD", "EXPRESS")
BATCH_LIMITS = ["MaxItemsPerBatch", "MaxInputBytesPerBatch"]
BATCH_LIMITS += ["MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"]
MAX_ITEMS = integer(1)
# The fields of parts of maps that exist in only one query language.
OF_JSONPATH = {
    "ItemReader": {"Parameters"},
    "ItemBatcher": {"MaxItemsPerBatchPath", "MaxInputBytesPerBatchPath"},
    "ResultWriter": {"Parameters"},
}
OF_JSONATA = {"ItemReader": {"Arguments"}, "ResultWriter": {"Arguments"}}


def is_distributed(state: State) -> bool:
    """Return whether a map starts an execution for each item."""
    return any(_config(machine).get("Mode") == "DISTRIBUTED" for _, machine in nested(state))


def wrong_processor(workflow: Workflow) -> Places:
    """Find processors with an unknown mode or type of execution."""
    for state in workflow.states:
        for path, machine in nested(state):
            if "ProcessorConfig" not in machine:
                continue
            config = _config(machine)
            if config.get("Mode") not in MODES:
                yield (
                    f"{path}/ProcessorConfig/Mode",
                    f"{config.get('Mode')!r} is not INLINE or DISTRIBUTED.",
                )
            elif config["Mode"] == "INLINE":
                continue
            elif config.get("ExecutionType") not in EXECUTION_TYPES:
                yield (
                    f"{path}/ProcessorConfig/ExecutionType",
                    "A distributed map needs STANDARD or EXPRESS.",
                )


def missing_map_resource(workflow: Workflow) -> Places:
    """Find readers and writers of maps without a resource."""
    for state in workflow.states:
        for name in ("ItemReader", "ResultWriter"):
            part = state.fields.get(name)
            # A writer without a resource only transforms the result of the state.
            if isinstance(part, dict) and "Resource" not in part and "WriterConfig" not in part:
                yield f"{state.path}/{name}", "Resource is missing."


def wrong_batch(workflow: Workflow) -> Places:
    """Find batches without a limit, or with exclusive limits."""
    for state in workflow.states:
        batcher = state.fields.get("ItemBatcher")
        if isinstance(batcher, dict):
            if not batcher.keys() & set(BATCH_LIMITS):
                yield (
                    f"{state.path}/ItemBatcher",
                    f"The batch needs one of {', '.join(BATCH_LIMITS)}.",
                )
            for name in ("MaxItemsPerBatch", "MaxInputBytesPerBatch"):
                if {name, f"{name}Path"} <= batcher.keys():
                    yield f"{state.path}/ItemBatcher", f"{name} and {name}Path exclude each other."


def wrong_item_limit(workflow: Workflow) -> Places:
    """Find limits of items that are not positive, or given twice."""
    for state in workflow.states:
        reader = state.fields.get("ItemReader")
        config = reader.get("ReaderConfig") if isinstance(reader, dict) else None
        if isinstance(config, dict) and "MaxItems" in config:
            path = f"{state.path}/ItemReader/ReaderConfig/MaxItems"
            limit = config["MaxItems"]
            is_evaluated = state.language == JSONATA and is_expression(limit)
            if not MAX_ITEMS.accepts(limit) and not is_evaluated:
                yield path, f"{limit!r:.80} is not {MAX_ITEMS.words}."
            if "MaxItemsPath" in config:
                yield path, "MaxItems and MaxItemsPath exclude each other."


def map_field_of_other_language(workflow: Workflow) -> Places:
    """Find parts of maps with a field of the other query language."""
    for state in workflow.states:
        for name, wrong in (OF_JSONPATH if state.language == JSONATA else OF_JSONATA).items():
            part = state.fields.get(name)
            for field in sorted(wrong & part.keys()) if isinstance(part, dict) else []:
                yield (
                    f"{state.path}/{name}/{field}",
                    f"{field!r} is not a field of {state.language}.",
                )


def _config(machine: object) -> dict[str, object]:
    config = machine.get("ProcessorConfig") if isinstance(machine, dict) else None
    return config if isinstance(config, dict) else {}
