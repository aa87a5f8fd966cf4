"""Draw the pictures and tables of the documentation from the project's own files."""
