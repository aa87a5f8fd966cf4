"""Compose all faults of the local cloud. Import this module with MiniStack's settings in the
environment.
"""

from dataclasses import replace

from localcloud.faults.control import control_door
from localcloud.faults.held import HeldDeliveries
from localcloud.faults.injector import Injector
from localcloud.faults.services import FaultyServices
from localcloud.faults.workflow import FaultyWorkflow
from localcloud.lambda_runtime.pool import LambdaPool
from localcloud.ministack.cloudwatch.metric_store import CLOCK
from localcloud.ministack.faults.events import FaultyEvents
from localcloud.ministack.faults.functions import Functions
from localcloud.server.gateway import Gateway


class FaultInjection:
    """All faults of a local cloud.

    Create them before the pool, which calls `loses_answer`, and before Step Functions, which calls
    `intercept`. Install them once, after all patches.
    """

    def __init__(self) -> None:
        self._injector = Injector()
        self._held = HeldDeliveries()
        self._functions = Functions(self._injector)
        self.loses_answer = self._functions.loses_answer
        self.intercept = FaultyWorkflow(self._injector).intercept

    def install(self, pool: LambdaPool) -> None:
        """Change MiniStack in this process, permanently.

        Raises:
            PatchMismatchError: the installed version of MiniStack is not the one of the patches.
        """
        self._functions.install(pool)
        FaultyEvents(self._injector, self._held).install()

    def into(self, gateway: Gateway) -> Gateway:
        """Return the gateway with faults before the services, and with the control endpoint."""
        around = FaultyServices(self._injector, self._functions.sender).around
        door = control_door(self._injector, self.heal, CLOCK.put_ahead)
        return replace(
            gateway,
            ministack=around(gateway.ministack),
            sagemaker=around(gateway.sagemaker),
            door=door,
        )

    def heal(self) -> None:
        """Stop injecting, and deliver the held events."""
        self._injector.heal()
        self._held.release()
