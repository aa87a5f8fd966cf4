"""Start the training toolkit as the container's command `train` does."""

import socket

from sagemaker_training.cli.train import main

_HOST = "algo-1"  # the toolkit waits until this name has an address, as in /etc/hosts on AWS
_look_up = socket.gethostbyname


def _with_own_host(host: str) -> str:
    return "127.0.0.1" if host == _HOST else _look_up(host)


if __name__ == "__main__":
    socket.gethostbyname = _with_own_host
    main()
