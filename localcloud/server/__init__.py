"""The process that is the local cloud: MiniStack, Lambda and SageMaker behind one port; how it starts and stops."""
