"""People become an edition.

`cohorts` finds people with scans and photographs in a dataset, `editions` plans and releases an edition of
them. `synthetic` makes synthetic people. `formats` reads and writes the files of all of them.
"""
