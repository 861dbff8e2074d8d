"""People become an edition.

`cohorts` finds people with scans and photographs in a dataset, `editions` plans and releases an edition of
them. `synthetic` makes people who do not exist. `formats` reads and writes the files of all of them.
"""
