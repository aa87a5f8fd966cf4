"""Define the settings of the pool of execution environments, and check its requirements."""

import os
import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

# AWS's name of this machine's processor.
ARCHITECTURE = {"aarch64": "arm64", "AMD64": "x86_64"}.get(platform.machine(), platform.machine())


class UnsupportedSystemError(RuntimeError):
    """Lambda functions run on Linux only: AWS's runtime client has no wheels for other systems."""


class RuntimeMissingError(RuntimeError):
    """The environment of Lambda functions is missing: run `python -m localcloud prepare`."""


@dataclass(frozen=True)
class PoolSettings:
    """The settings of a pool of execution environments; times are in seconds.

    Args:
        python: interpreter of the runtime's environment, which has only awslambdaric and boto3.
        work_folder: the folder of unpacked code; emptied when a pool is created.
        endpoint_url: URL of the local cloud, the functions' AWS_ENDPOINT_URL.
        max_environments: the number of processes: twice the cores, since functions mostly wait for
            the local cloud.
        wait_seconds: the longest wait of an invocation for an environment, before it is throttled.
        linger_seconds: the time for which an idle environment is kept from functions that have
            others; longer than a cold start.
        idle_seconds: the life of an unused environment.
        init_seconds: Lambda's limit for the code outside the handler.
        loses_answer: returns for a request id whether the process ends after the handler, as an
            injected fault.
    """

    python: Path
    work_folder: Path
    endpoint_url: str
    max_environments: int = 2 * (os.process_cpu_count() or 1)
    wait_seconds: float = 10
    linger_seconds: float = 2
    idle_seconds: float = 300
    init_seconds: float = 10
    loses_answer: Callable[[str], bool] = lambda _request_id: False


def require_linux() -> None:
    """Check that this system can run AWS's runtime client.

    Raises:
        UnsupportedSystemError: this is not Linux.
    """
    if platform.system() != "Linux":
        raise UnsupportedSystemError(
            "The local cloud runs Lambda functions on Linux only: awslambdaric, AWS's runtime "
            "client, has no wheel "
            f"for {platform.system()}. Use a Linux virtual machine (WSL 2, Lima), or deploy to AWS."
        )


def is_runtime(python: Path) -> bool:
    """Return whether ``python`` is an interpreter that has awslambdaric and its native part."""
    native_part = python.parent.parent.glob("lib/python*/site-packages/runtime_client.*.so")
    return python.exists() and any(native_part)


def require_runtime(python: Path) -> None:
    """Check that ``python`` can run AWS's runtime client.

    Raises:
        UnsupportedSystemError: this is not Linux.
        RuntimeMissingError: the interpreter, awslambdaric or its native part is missing.
    """
    require_linux()
    if not is_runtime(python):
        raise RuntimeMissingError(
            f"{python} does not run Lambda functions. "
            "Install their environment with `python -m localcloud prepare`."
        )
