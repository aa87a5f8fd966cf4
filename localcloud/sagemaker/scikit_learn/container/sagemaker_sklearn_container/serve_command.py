"""Install the user's module and start gunicorn, as the container's command `serve` does.

gunicorn listens on the Unix socket LOCALCLOUD_SOCKET alone, since there is no nginx before it.
Source: `start` in sagemaker_containers/_server.py 2.8.6.
"""

import os
import sys

from sagemaker_containers import _env, _modules


def main() -> None:
    """Replace this process with gunicorn."""
    settings = _env.ServingEnv()
    if settings.module_name:
        _modules.import_module(settings.module_dir, settings.module_name)
    workers = settings.model_server_workers
    options = {
        "--timeout": settings.model_server_timeout,
        "--worker-class": "gevent",
        "--pythonpath": ",".join([*sys.path, _env.code_dir]),
        "--bind": f"unix:{os.environ['LOCALCLOUD_SOCKET']}",
        "--worker-connections": 1000 * workers,
        "--workers": workers,
        "--log-level": "info",
    }
    # The control socket of gunicorn 26 is in the home folder, which all servers share here.
    words = ["--no-control-socket", *(str(word) for option in options.items() for word in option)]
    application = "sagemaker_sklearn_container.serving:main"
    os.execvp("gunicorn", ["gunicorn", *words, application])  # noqa: S606


if __name__ == "__main__":
    main()
