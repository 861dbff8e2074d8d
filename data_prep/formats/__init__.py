"""Files: tables, NIfTI, JSON, manifests, whole or not at all.

`schema` has the columns of every table, `tables` reads and writes them. `strict_json` reads JSON of others.
`atomic` writes whole files or none, and `resumable` continues long work. `secrets` derives ids and random
numbers from a seed, `manifest` lists and commits to files.
"""
