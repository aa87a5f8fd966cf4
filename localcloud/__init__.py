"""The local cloud: a stand-in for AWS on this machine, `python -m localcloud up`."""
