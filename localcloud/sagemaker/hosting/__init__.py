"""Models behind endpoints: from a model.tar.gz in S3 to an answer, what is captured of it, and what is measured."""
