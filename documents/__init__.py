"""Pictures of the service, drawn from its own files: the command line tools and the local cloud show them."""
