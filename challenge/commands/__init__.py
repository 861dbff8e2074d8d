"""One file a command; each has `Settings`, the dataclass of its keys, and `run(settings)`."""
