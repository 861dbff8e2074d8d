"""Hydra configuration: one root file a command, one folder a group."""
