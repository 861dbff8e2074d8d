"""Who does the work, and how it is kept from harm.

`parallel.run` applies a function to many items on one of the `engines`. `sandbox` does the same with files
from participants, within limits of time and memory. `progress`, `folders` and `code_hash` serve both.
"""
