"""MiniStack, patched where it differs from AWS, and what joins it with the services of our own.

A folder holds the patches of one of MiniStack's services. A patch replaces functions of MiniStack; its contract
test fails when a new version of MiniStack changes one of them. Nothing outside of this package imports MiniStack.
The folders sagemaker, stepfunctions and faults hold adapters: what those parts of the local cloud need of MiniStack.
"""
