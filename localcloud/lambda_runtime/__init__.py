"""Lambda functions on this machine: AWS's own runtime client behind a bounded pool of execution environments.

An execution environment is one operating-system process that runs ``awslambdaric``, the client that AWS's python3.13
runtime runs, and is driven through the Lambda Runtime API, as Lambda drives it. It is a stand-in, not a sandbox: memory
limits are not enforced, and the file system (``/tmp`` too) and the network are those of this machine.
"""
