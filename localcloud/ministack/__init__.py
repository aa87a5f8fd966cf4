"""Patch MiniStack where it differs from AWS, and join it with the other services.

A folder holds the patches of one service of MiniStack. A patch replaces functions of MiniStack.
Its contract test fails when a new version of MiniStack changes one of these functions.
Only this package imports MiniStack.
The folders sagemaker, stepfunctions and faults hold adapters, by which these parts of the local
cloud use MiniStack.
"""
