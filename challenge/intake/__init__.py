"""The door for submissions: everything is hostile until it was checked.

`submission.received` accepts a folder or a zip, or names every problem. `archive` and `gunzip` unpack within
limits, `description` reads `submission.json`, `expected_files` compares the names with those asked for.
`volumes` checks scans before any other library reads them.
"""
