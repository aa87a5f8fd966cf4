import json
import os
import signal
import socket
from collections.abc import Callable
from typing import Any

import pytest

from localcloud.lambda_runtime.invocation import (
    MAX_REQUEST_BYTES,
    MAX_RESPONSE_BYTES,
    InvocationResult,
)
from localcloud.lambda_runtime.pool import LambdaPool

type Run = Callable[..., InvocationResult]
type MakeZip = Callable[[dict[str, str]], bytes]

ECHO = "def handler(event, context): return event"


def decoded(result: InvocationResult) -> Any:
    return json.loads(result.payload)


def error_type(result: InvocationResult) -> tuple[bool, str]:
    return result.is_error, json.loads(result.payload)["errorType"]


def message(result: InvocationResult) -> str:
    text: str = json.loads(result.payload)["errorMessage"]
    return text


def test_handler_that_returns_answers_with_its_value(run: Run) -> None:
    result = run("def handler(event, context): return {'é': event}", {"n": [1, None, "ü"]})
    assert result.is_error is False
    assert {"é": {"n": [1, None, "ü"]}} == decoded(result)


def test_handler_that_raises_answers_with_the_class_of_the_error(run: Run) -> None:
    result = run(
        "class EmptyImageError(Exception): ...\ndef handler(event, context): raise "
        "EmptyImageError('no bytes')"
    )
    assert (True, "EmptyImageError") == error_type(result)
    assert "no bytes" == message(result)
    assert "raise EmptyImageError" in decoded(result)["stackTrace"][-1]


def test_process_that_dies_with_its_answer_is_a_crash(
    run: Run, make_pool: Callable[..., LambdaPool]
) -> None:
    pool = make_pool(loses_answer=lambda request_id: request_id == "id-1")
    result = run(ECHO, pool=pool)
    assert (True, "Runtime.ExitError") == error_type(result)
    assert "RequestId: id-1 Error: Runtime exited with error: signal: killed" == message(result)


def test_handler_that_returns_a_set_answers_with_marshal_error(run: Run) -> None:
    assert (True, "Runtime.MarshalError") == error_type(
        run("def handler(event, context): return {1}")
    )


def test_missing_module_answers_with_import_module_error(run: Run) -> None:
    result = run("import nothing_like_it")
    assert (True, "Runtime.ImportModuleError") == error_type(result)
    assert "Unable to import module 'app': No module named 'nothing_like_it'" == message(result)


def test_missing_handler_answers_with_handler_not_found(run: Run) -> None:
    assert (True, "Runtime.HandlerNotFound") == error_type(run(ECHO, handler="app.other"))


def test_failed_init_is_repeated_at_the_next_invocation(run: Run) -> None:
    source = (
        "import os, pathlib\nmarker = pathlib.Path('marker')\nif not marker.exists(): "
        "marker.touch(); 1 / 0\n" + ECHO
    )
    assert [(True, "ZeroDivisionError"), (False, None)] == [
        (result.is_error, (decoded(result) or {}).get("errorType"))
        for result in (run(source), run(source))
    ]


def test_init_beyond_its_limit_answers_with_timedout(
    run: Run, make_pool: Callable[..., LambdaPool]
) -> None:
    result = run("import time; time.sleep(60)", pool=make_pool(init_seconds=0.2))
    assert (True, "Sandbox.Timedout") == error_type(result)


def test_handler_beyond_its_timeout_answers_with_timedout(run: Run) -> None:
    result = run("import time\ndef handler(event, context): time.sleep(60)", timeout=0.2)
    assert (True, "Sandbox.Timedout") == error_type(result)
    assert "RequestId: id-1 Error: Task timed out after 0.20 seconds" == message(result)


def test_output_before_a_timeout_is_kept(run: Run) -> None:
    source = "import time\ndef handler(event, context):\n print('so far')\n time.sleep(60)"
    assert "so far" == run(source, timeout=0.5).log.splitlines()[0]


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ("os._exit(1)", "Runtime exited with error: exit status 1"),
        ("os.kill(os.getpid(), 9)", "Runtime exited with error: signal: killed"),
        ("os.kill(os.getpid(), 11)", "Runtime exited with error: signal: segmentation fault"),
        ("raise SystemExit(0)", "Runtime exited without providing a reason"),
    ],
)
def test_process_that_ends_answers_with_exit_error(run: Run, how: str, reason: str) -> None:
    result = run(f"import os\ndef handler(event, context): {how}")
    assert (True, "Runtime.ExitError") == error_type(result)
    assert f"RequestId: id-1 Error: {reason}" == message(result)


def test_process_that_ends_in_init_answers_with_exit_error(run: Run) -> None:
    assert "RequestId: id-1 Error: Runtime exited with error: exit status 3" == message(
        run("raise SystemExit(3)")
    )


def test_crash_is_followed_by_a_fresh_process(run: Run) -> None:
    source = (
        "import os\nseen = []\n"
        "def handler(event, context): seen.append(event) or event and os._exit(1); return seen"
    )
    run(source, 1)
    assert [0] == decoded(run(source, 0))


def test_process_that_dies_while_idle_is_replaced(
    run: Run, presence: socket.socket, presence_source: str
) -> None:
    event = {"port": presence.getsockname()[1]}
    process = decoded(run(presence_source, event))
    link, _ = presence.accept()
    with link:
        os.kill(process, signal.SIGKILL)
        link.recv(1)
    assert process != decoded(run(presence_source, event))


def test_response_of_the_largest_size_passes(run: Run) -> None:
    assert not run(f"def handler(event, context): return 'x' * {MAX_RESPONSE_BYTES - 2}").is_error


def test_response_beyond_the_limit_answers_with_response_size_too_large(run: Run) -> None:
    result = run(f"def handler(event, context): return 'x' * {MAX_RESPONSE_BYTES - 1}")
    assert (True, "Function.ResponseSizeTooLarge") == error_type(result)


def test_request_of_the_largest_size_passes(run: Run) -> None:
    event = "x" * (MAX_REQUEST_BYTES - 2)
    assert len(event) == decoded(run("def handler(event, context): return len(event)", event))


def test_request_beyond_the_limit_answers_with_request_entity_too_large(run: Run) -> None:
    assert (True, "RequestEntityTooLargeException") == error_type(
        run(ECHO, "x" * (MAX_REQUEST_BYTES - 1))
    )


def test_log_holds_what_the_invocation_wrote_to_both_streams(run: Run) -> None:
    source = (
        "import sys\ndef handler(event, context): print('é', event); print('err', file=sys.stderr)"
    )
    assert ["é 1\nerr\n", "é 2\nerr\n"] == [run(source, event).log for event in (1, 2)]


def test_log_of_the_first_invocation_begins_with_the_output_of_init(run: Run) -> None:
    source = "print('init')\n" + ECHO
    assert ["init\n", ""] == [run(source).log for _ in range(2)]


def test_log_larger_than_a_pipe_does_not_block_the_function(run: Run) -> None:
    assert 300_001 == len(run("def handler(event, context): print('x' * 300_000)").log)


def test_log_of_an_error_holds_its_class_and_message(run: Run) -> None:
    assert "[ERROR] KeyError: 'k'" in run("def handler(event, context): {}['k']").log


def test_context_holds_request_id_arn_and_deadline(run: Run) -> None:
    source = (
        "def handler(event, context):\n"
        " remaining = round(context.get_remaining_time_in_millis(), -4)\n"
        " return [context.aws_request_id, context.invoked_function_arn, remaining]"
    )
    assert ["id-1", "arn-of-f", 900_000] == decoded(run(source, timeout=900))


def test_trace_header_reaches_the_function(run: Run) -> None:
    assert "Root=1" == decoded(
        run("import os\ndef handler(event, context): return os.environ['_X_AMZN_TRACE_ID']")
    )


def test_variables_of_the_process_are_those_of_the_function_and_of_the_runtime_only(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_HOST", "1")
    source = "import os\ndef handler(event, context): return dict(os.environ)"
    variables = decoded(
        run(source, variables=(("AWS_LAMBDA_FUNCTION_VERSION", "7"), ("LANG", "C.UTF-8")))
    )
    of_the_environment = {
        "AWS_LAMBDA_RUNTIME_API",
        "AWS_LAMBDA_LOG_STREAM_NAME",
        "LAMBDA_TASK_ROOT",
        "_HANDLER",
    }
    of_the_environment |= {"AWS_SDK_UA_APP_ID"}
    of_the_invocation = {"_X_AMZN_TRACE_ID"}
    assert {
        "PATH",
        "LANG",
        "AWS_LAMBDA_FUNCTION_VERSION",
    } | of_the_environment | of_the_invocation == set(variables)
    assert "[7]" in variables["AWS_LAMBDA_LOG_STREAM_NAME"]


def test_folder_of_the_process_is_the_task_root_and_first_on_its_path(run: Run) -> None:
    source = (
        "import os, sys\ndef handler(event, context): "
        "return [os.getcwd(), os.environ['LAMBDA_TASK_ROOT'], sys.path[0]]"
    )
    assert 1 == len(set(decoded(run(source))))


def test_task_root_comes_before_layers_and_layers_before_the_runtime(
    run: Run, make_zip: MakeZip
) -> None:
    layer = make_zip(
        {"python/app.py": "", "python/six.py": "origin = 'layer'", "python/extra.py": ""}
    )
    newer = make_zip({"python/lib/python3.13/site-packages/extra.py": "origin = 'newer layer'"})
    source = "import extra, six\ndef handler(event, context): return [six.origin, extra.origin]"
    assert ["layer", "newer layer"] == decoded(run(source, layers=(layer, newer)))


def test_handler_in_a_nested_folder_is_found_by_its_dotted_path(
    run: Run, make_zip: MakeZip
) -> None:
    code = make_zip({"functions/filter/app.py": ECHO})
    assert "event" == decoded(run("", "event", code=code, handler="functions.filter.app.handler"))
