"""An edition is released, and corrected by a later version.

`versions` makes an edition that supersedes another one and marks the old one; the people of the old edition
keep their splits. `photograph_cuts` looks who is in its photographs. `published` knows the standard editions.
"""
