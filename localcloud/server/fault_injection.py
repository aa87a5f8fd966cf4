"""All faults of the local cloud, put together. To be imported when MiniStack's settings are in the environment."""

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
    """To be made before the pool, which asks `loses_answer`, and Step Functions, which calls `intercept`.

    It is installed once, after all patches.
    """

    def __init__(self) -> None:
        self._injector = Injector()
        self._held = HeldDeliveries()
        self._functions = Functions(self._injector)
        self.loses_answer = self._functions.loses_answer
        self.intercept = FaultyWorkflow(self._injector).intercept

    def install(self, pool: LambdaPool) -> None:
        """Change MiniStack in this process, for good.

        Raises:
            PatchMismatchError: this version of MiniStack is not the one that the patches were written for.
        """
        self._functions.install(pool)
        FaultyEvents(self._injector, self._held).install()

    def into(self, gateway: Gateway) -> Gateway:
        """Return the gateway with faults before the services, and with the control door."""
        around = FaultyServices(self._injector, self._functions.sender).around
        door = control_door(self._injector, self.heal, CLOCK.put_ahead)
        return replace(
            gateway,
            ministack=around(gateway.ministack),
            sagemaker=around(gateway.sagemaker),
            door=door,
        )

    def heal(self) -> None:
        """Inject nothing more, and deliver what is held back."""
        self._injector.heal()
        self._held.release()
