"""Label the images of a folder before a model exists; each answer is a line of one file."""
