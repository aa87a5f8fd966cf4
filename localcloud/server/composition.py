"""Compose the local cloud of its parts. Import this module with MiniStack's settings in the
environment.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable
from dataclasses import replace
from time import monotonic

from localcloud.application_autoscaling.app import ApplicationAutoScalingApp
from localcloud.application_autoscaling.registry import ScalingRegistry
from localcloud.faults.models import honouring_faults
from localcloud.lambda_runtime.installation import lambda_python
from localcloud.lambda_runtime.settings import PoolSettings
from localcloud.ministack import application, state_saves
from localcloud.ministack.aws_lambda.pooled_execution import install as install_lambda
from localcloud.ministack.cloudwatch.alarm_evaluation import keep_evaluating
from localcloud.ministack.iam import audit_log
from localcloud.ministack.iam.authorizer import MiniStackAuthorizer
from localcloud.ministack.patches import install_patches
from localcloud.ministack.sagemaker.alarms import MiniStackAlarms
from localcloud.ministack.sagemaker.job_telemetry import MiniStackJobTelemetry
from localcloud.ministack.sagemaker.object_store import MiniStackObjectStore
from localcloud.ministack.sagemaker.role import MiniStackRole
from localcloud.ministack.sagemaker.telemetry_sink import MiniStackSink
from localcloud.ministack.server_thread import run_in
from localcloud.ministack.stepfunctions import workflows
from localcloud.ministack.stepfunctions.log_delivery import MiniStackLogDelivery
from localcloud.ministack.stepfunctions.services import MiniStackServices
from localcloud.ministack.stepfunctions.telemetry import MiniStackTelemetry
from localcloud.ministack.stepfunctions.workflow_role import MiniStackWorkflowRoles
from localcloud.sagemaker.algorithms import Algorithms
from localcloud.sagemaker.app import SageMakerApp
from localcloud.sagemaker.hosting.operations import ScalableTargets
from localcloud.sagemaker.image_classification import IMAGE_CLASSIFICATION
from localcloud.sagemaker.jobs.run import JobServices
from localcloud.sagemaker.scikit_learn.algorithm import scikit_learn
from localcloud.sagemaker.surroundings import Surroundings
from localcloud.server.checkpoint import keep_saved
from localcloud.server.fault_injection import FaultInjection
from localcloud.server.gateway import Gateway
from localcloud.server.http_server import serve
from localcloud.server.line_file import LineFile
from localcloud.server.ownership import StateNotSavedError
from localcloud.server.settings import ACCOUNT, REGION, Folder, data_folder
from localcloud.stepfunctions import surroundings as states_surroundings
from localcloud.stepfunctions.app import StepFunctionsApp

# Executions may run for this long after the stop signal; the rest continues at the next start.
_DRAIN_SECONDS = 5.0
# One training job uses all cores.
_JOBS_AT_ONCE = 1


async def run(
    folder: Folder,
    listener: socket.socket,
    url: str,
    stop: Callable[[], Awaitable[object]],
    on_ready: Callable[[], None],
    with_faults: bool = False,
) -> None:
    """Serve on ``listener`` until ``stop`` returns, then end executions, save the state and end all
    processes.

    Raises:
        UnsupportedSystemError: Lambda functions cannot run on this system.
        RuntimeMissingError: the environment of Lambda functions is missing.
        PatchMismatchError: another version of MiniStack than the pinned one is installed.
        UnreadableStateError: a file of the local SageMaker or Step Functions is damaged.
        StateNotSavedError: the local cloud stopped, and could not save its state.
    """
    install_patches()
    audit = LineFile(folder.audit)
    audit_log.listeners.append(audit.append)
    faults = FaultInjection() if with_faults else None
    settings = PoolSettings(lambda_python(data_folder()), folder.temporary / "lambda", url)
    pool = install_lambda(
        replace(settings, loses_answer=faults.loses_answer) if faults else settings
    )
    registry = ScalingRegistry(folder.state / "application-autoscaling")
    algorithms = Algorithms.installed(IMAGE_CLASSIFICATION, scikit_learn(data_folder()))
    sagemaker = _sagemaker(
        folder, registry, algorithms.wrapping(honouring_faults) if faults else algorithms
    )
    autoscaling = ApplicationAutoScalingApp(
        registry, MiniStackAuthorizer(), sagemaker.find_endpoint, ACCOUNT, REGION
    )

    states = _states(folder, faults.intercept if faults else states_surroundings.make_call)

    def ready() -> None:
        on_ready()
        states.interpreter.resume()
        sagemaker.resume_jobs()

    port = listener.getsockname()[1]
    gateway = Gateway(application.app, sagemaker, autoscaling, states, ready, port)
    if faults:
        faults.install(pool)
        gateway = faults.into(gateway)

    def last_change() -> float:
        return max(gateway.last_request, state_saves.last_change())

    async def stop_at_rest() -> None:
        await stop()
        if faults:
            await asyncio.to_thread(faults.heal)
        await sagemaker.stop_jobs()
        await _drain(states)
        await sagemaker.publish()

    tasks = [
        asyncio.create_task(keep_saved(last_change, lambda: save_state(folder, states))),
        asyncio.create_task(keep_evaluating()),
    ]
    try:
        await sagemaker.start()
        await serve(gateway, listener, stop_at_rest)
    finally:
        for task in tasks:
            task.cancel()
        states.interpreter.close()
        pool.close()
        await sagemaker.aclose()

    _save_states(folder, states)
    _require_saved(folder)


def save_state(folder: Folder, states: StepFunctionsApp) -> None:
    """Save the state of MiniStack and Step Functions; SageMaker and S3 write every change at once.

    Raises:
        StateNotSavedError: a part could not be written.
    """
    state_saves.save()
    _save_states(folder, states)
    _require_saved(folder)


def _save_states(folder: Folder, states: StepFunctionsApp) -> None:
    try:
        states.store.save()
    except OSError as exc:
        raise StateNotSavedError(folder, str(exc)) from exc


def _require_saved(folder: Folder) -> None:
    if state_saves.failures:
        raise StateNotSavedError(folder, str(state_saves.failures[0])) from state_saves.failures[0]


def _sagemaker(
    folder: Folder, scalable_targets: ScalableTargets, algorithms: Algorithms
) -> SageMakerApp:
    objects = MiniStackObjectStore(ACCOUNT, REGION, run_in(asyncio.get_running_loop()))
    surroundings = Surroundings(
        artifact_store=objects,
        authorizer=MiniStackAuthorizer(),
        telemetry_sink=MiniStackSink(objects),
        scalable_targets=scalable_targets,
        alarms=MiniStackAlarms(ACCOUNT),
        jobs=_job_services(objects, algorithms),
        account=ACCOUNT,
        default_region=REGION,
        publish_seconds=float(os.environ["SAGEMAKER_PUBLISH_SECONDS"]),
        cold_start_seconds=float(os.environ["SAGEMAKER_COLD_START_SECONDS"]),
    )
    return SageMakerApp(folder.state / "sagemaker", surroundings)


def _job_services(objects: MiniStackObjectStore, algorithms: Algorithms) -> JobServices:
    telemetry = MiniStackJobTelemetry(ACCOUNT, objects.run)
    return JobServices(
        objects, MiniStackRole, algorithms, telemetry, asyncio.Semaphore(_JOBS_AT_ONCE)
    )


def _states(folder: Folder, intercept: states_surroundings.Interceptor) -> StepFunctionsApp:
    surroundings = states_surroundings.Surroundings(
        services=MiniStackServices(),
        telemetry=MiniStackTelemetry(ACCOUNT),
        roles=MiniStackWorkflowRoles(),
        log_delivery=MiniStackLogDelivery(),
        authorizer=MiniStackAuthorizer(),
        wait_scale=float(os.environ.get("SFN_WAIT_SCALE", "1")),
        account=ACCOUNT,
        default_region=REGION,
    )
    states = StepFunctionsApp(folder.state / "stepfunctions.json", surroundings, intercept)
    workflows.install(states)
    return states


async def _drain(states: StepFunctionsApp) -> None:
    deadline = monotonic() + _DRAIN_SECONDS
    while monotonic() < deadline and not states.is_at_rest:
        await asyncio.sleep(0.05)
