"""An edition on the platforms people already use: Codabench, grand-challenge, a folder to start from."""
