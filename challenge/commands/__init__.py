"""One file a command: its settings, and what it reads, runs, writes and prints."""
