"""The head as anthropologists measure it: a tape measure for meshes, a survey's summary, and shapes that have its measures."""
