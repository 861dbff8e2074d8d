"""Heads as anthropologists measure them: a tape measure, a survey's summary, heads that have its measures."""
