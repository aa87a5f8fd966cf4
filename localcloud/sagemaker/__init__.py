"""SageMaker on the laptop: endpoints that answer, over the wire protocol that every AWS client speaks."""
