"""First code in an execution environment: ``bootstrap.py <lifeline> <task root> <layers> <handler>``.

Run by the Python of the runtime, it does what AWS's own /var/runtime/bootstrap.py does, put the function and its layers
on the path and start the runtime client, and sees to it that the process never outlives the local cloud.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from awslambdaric.__main__ import main  # in the runtime's environment only


def _end_with_the_local_cloud(lifeline: int) -> None:
    """Wait until the other end of ``lifeline`` closes, which the kernel does even for a killed process."""
    os.read(lifeline, 1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    _, lifeline, task_root, layers_root, handler = sys.argv
    os.set_inheritable(int(lifeline), False)
    threading.Thread(target=_end_with_the_local_cloud, args=[int(lifeline)], daemon=True).start()
    layers = Path(layers_root, "python")
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    sys.path[:0] = [task_root, str(layers / "lib" / version / "site-packages"), str(layers)]
    main(["awslambdaric", handler])
