"""Start an execution environment: ``bootstrap.py <lifeline> <task root> <layers> <handler>``.

The Python of the runtime runs this file. As AWS's own /var/runtime/bootstrap.py, it puts the
function and its layers on the path and starts the runtime client. It also ends the process with the
local cloud.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from awslambdaric.__main__ import main  # only in the runtime's environment


def _end_with_the_local_cloud(lifeline: int) -> None:
    """Wait until the other end of ``lifeline`` closes; the kernel closes it for a killed process
    too.
    """
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
