import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from localcloud.lambda_runtime.invocation import InvocationResult
from localcloud.lambda_runtime.pool import LambdaPool, PoolBusyError
from localcloud.lambda_runtime.settings import PoolSettings

type Run = Callable[..., InvocationResult]
type MakePool = Callable[..., LambdaPool]
type Occupy = Callable[[LambdaPool], Future[InvocationResult]]

PROCESS_ID = "import os\ndef handler(event, context): return os.getpid()"
NAP = "import os, time\ndef handler(event, context): time.sleep(event); return os.getpid()"
# Sends its identity over a connection, and returns when the other end closes it.
TELL_IDENTITY = """
import os, socket
def handler(event, context):
    with socket.create_connection(("127.0.0.1", event["port"])) as link:
        link.sendall(os.environ["AWS_SDK_UA_APP_ID"].encode())
        link.recv(1)
"""


def decoded(result: InvocationResult) -> Any:
    return json.loads(result.payload)


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def occupy(run: Run, presence: socket.socket, presence_source: str) -> Occupy:
    """Start an invocation of a minute on another thread, and return when its handler runs."""

    def start(pool: LambdaPool) -> Future[InvocationResult]:
        event = {"port": presence.getsockname()[1], "sleep": 60}
        result = ThreadPoolExecutor(1).submit(run, presence_source, event, pool=pool, timeout=90)
        link, _ = presence.accept()
        link.close()
        return result

    return start


def test_invocations_one_after_the_other_share_a_process(run: Run) -> None:
    assert decoded(run(PROCESS_ID)) == decoded(run(PROCESS_ID))


def test_changed_variables_get_another_process(run: Run) -> None:
    assert decoded(run(PROCESS_ID)) != decoded(run(PROCESS_ID, variables=(("THRESHOLD", "0.9"),)))


def test_changed_code_gets_another_process(run: Run) -> None:
    assert decoded(run(PROCESS_ID)) != decoded(run(PROCESS_ID + "\n"))


def test_burst_larger_than_the_pool_uses_all_its_processes(run: Run, make_pool: MakePool) -> None:
    pool = make_pool(max_environments=2)
    with ThreadPoolExecutor(12) as threads:
        results = list(threads.map(lambda _: run(NAP, 0.05, pool=pool), range(12)))
    assert [False] * 12 == [result.is_error for result in results]
    assert 2 == len({decoded(result) for result in results})


def test_burst_over_more_functions_than_environments_serves_each_of_them(
    run: Run, make_pool: MakePool
) -> None:
    pool = make_pool(max_environments=2)
    with ThreadPoolExecutor(12) as threads:
        results = list(
            threads.map(lambda n: run(NAP, 0.01, pool=pool, name=f"f{n % 3}"), range(12))
        )
    assert [False] * 12 == [result.is_error for result in results]


def test_function_without_environment_is_served_before_the_queue_of_another(
    run: Run, make_pool: MakePool
) -> None:
    pool = make_pool(max_environments=1)
    order: list[str] = []

    def invoke(name: str, seconds: float) -> None:
        run(NAP, seconds, pool=pool, name=name)
        order.append(name)

    arrivals = [("a", 0.4), ("a", 0), ("a", 0), ("b", 0)]
    threads = [threading.Thread(target=invoke, args=arrival) for arrival in arrivals]
    for thread in threads:
        thread.start()
        threading.Event().wait(0.03)
    for thread in threads:
        thread.join()
    assert ["a", "b", "a", "a"] == order


def test_invocation_that_waits_too_long_is_throttled(
    run: Run, make_pool: MakePool, occupy: Occupy
) -> None:
    pool = make_pool(max_environments=1, wait_seconds=0.1)
    occupy(pool)
    with pytest.raises(
        PoolBusyError, match=r"All 1 execution environments stayed busy for 0\.1 seconds"
    ):
        run(PROCESS_ID, pool=pool)


def test_busy_environment_is_found_by_its_identity(run: Run, make_pool: MakePool) -> None:
    pool = make_pool()
    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as threads:
        ended = threads.submit(run, TELL_IDENTITY, {"port": listener.getsockname()[1]}, pool=pool)
        link, _ = listener.accept()
        with link:
            identity = link.recv(100).decode()
            found = pool.busy(identity)
            assert found is not None
            assert "id-1" == found.request_id
        ended.result()
    assert pool.busy(identity) is None


def test_function_without_room_replaces_the_least_recently_used_one(
    run: Run, make_pool: MakePool
) -> None:
    pool = make_pool(max_environments=2)
    oldest, recent, _ = (
        decoded(run(PROCESS_ID, pool=pool, name=name)) for name in ("oldest", "recent", "new")
    )
    assert not is_running(oldest)
    assert is_running(recent)


def test_function_with_a_busy_environment_waits_rather_than_replace_the_idle_one_of_another(
    run: Run, make_pool: MakePool
) -> None:
    pool = make_pool(max_environments=2, linger_seconds=60)
    other = decoded(run(PROCESS_ID, pool=pool, name="other"))
    with ThreadPoolExecutor(3) as threads:
        mine = [
            decoded(it)
            for it in threads.map(lambda _: run(NAP, 0.05, pool=pool, name="mine"), range(3))
        ]
    assert 1 == len(set(mine))
    assert is_running(other)


def test_function_with_a_busy_environment_replaces_one_that_lingers(
    run: Run, make_pool: MakePool
) -> None:
    pool = make_pool(max_environments=2, linger_seconds=0)
    other = decoded(run(PROCESS_ID, pool=pool, name="other"))
    with ThreadPoolExecutor(3) as threads:
        mine = [
            decoded(it)
            for it in threads.map(lambda _: run(NAP, 0.05, pool=pool, name="mine"), range(3))
        ]
    assert 2 == len(set(mine))
    assert not is_running(other)


def test_environment_unused_for_the_idle_time_ends(
    run: Run, make_pool: MakePool, presence: socket.socket, presence_source: str
) -> None:
    pool = make_pool(idle_seconds=0.05)
    run(presence_source, {"port": presence.getsockname()[1]}, pool=pool)
    link, _ = presence.accept()
    with link:
        link.settimeout(5)
        assert b"" == link.recv(1)


def test_closed_pool_leaves_no_process(run: Run, make_pool: MakePool) -> None:
    pool = make_pool(max_environments=2)
    processes = [decoded(run(PROCESS_ID, pool=pool, name=name)) for name in "ab"]
    pool.close()
    assert [False, False] == [is_running(process) for process in processes]


def test_close_ends_what_the_function_started(
    run: Run, make_pool: MakePool, presence: socket.socket, presence_source: str
) -> None:
    pool = make_pool()
    source = presence_source.replace("return os.getpid()", "return os.fork() or time.sleep(60)")
    run(source, {"port": presence.getsockname()[1]}, pool=pool)
    link, _ = presence.accept()
    pool.close()
    with link:
        link.settimeout(5)
        assert b"" == link.recv(1)


def test_close_fails_the_running_invocation(make_pool: MakePool, occupy: Occupy) -> None:
    pool = make_pool(max_environments=1)
    result = occupy(pool)
    pool.close()
    assert "Runtime.ExitError" == decoded(result.result(5))["errorType"]


def test_close_throttles_a_waiting_invocation(
    run: Run, make_pool: MakePool, occupy: Occupy
) -> None:
    pool = make_pool(max_environments=1, wait_seconds=60)
    occupy(pool)
    waiting = ThreadPoolExecutor(1).submit(run, PROCESS_ID, pool=pool)
    pool.close()
    assert isinstance(waiting.exception(5), PoolBusyError)


def test_closed_pool_throttles(run: Run, make_pool: MakePool) -> None:
    pool = make_pool()
    pool.close()
    with pytest.raises(PoolBusyError, match="stopping"):
        run(PROCESS_ID, pool=pool)


def test_killed_local_cloud_leaves_no_process(
    settings: PoolSettings, presence: socket.socket, presence_source: str
) -> None:
    program = f"""
        import io, json, zipfile
        from pathlib import Path
        from localcloud.lambda_runtime.invocation import Function, Invocation
        from localcloud.lambda_runtime.pool import LambdaPool
        from localcloud.lambda_runtime.settings import PoolSettings
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("app.py", {presence_source!r})
        python, folder = Path({str(settings.python)!r}), Path({str(settings.work_folder)!r})
        pool = LambdaPool(PoolSettings(python, folder, ""))
        event = json.dumps({{"port": {presence.getsockname()[1]}, "sleep": 60}}).encode()
        function = Function("f", "app.handler", code.getvalue())
        pool.invoke(function, Invocation("id", event, 90, "arn"))
    """
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program)], cwd=root
    ) as local_cloud:
        link, _ = presence.accept()
        with link:
            link.settimeout(5)
            local_cloud.send_signal(signal.SIGKILL)
            assert b"" == link.recv(1)
