"""Run the process of the local cloud: MiniStack, Lambda and SageMaker behind one port."""
