"""Join the local Step Functions with MiniStack.

MiniStack has an interpreter of its own. It validates almost nothing, and its tasks need no
permissions. The local cloud replaces it for EventBridge, Pipes and CloudFormation.
"""
