"""An edition is released, and corrected by a later version.

`edition_versions` makes an edition that supersedes another one and marks the old one. The people of the old
edition keep their splits.
"""
