"""Join the local Step Functions with MiniStack.

MiniStack has its own interpreter. It validates almost nothing, and its tasks need no
permissions. The local cloud replaces it for EventBridge, Pipes and CloudFormation.
"""
