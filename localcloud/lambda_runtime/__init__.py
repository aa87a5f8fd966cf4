"""Run Lambda functions on this machine, with AWS's runtime client and a pool of environments.

An execution environment is one operating-system process that runs ``awslambdaric``, the client of
AWS's python3.13 runtime. The Lambda Runtime API drives it, as Lambda does. It is not a sandbox:
memory limits are not enforced, and the file system (``/tmp`` too) and the network are those of this
machine.
"""
