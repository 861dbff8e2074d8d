"""From a head to scans of it: where it lies, how it is acquired, and what goes wrong.

`scanner` makes the scans of a session; `artefacts` are pads on ears, metal in teeth and a head that moves.
"""
