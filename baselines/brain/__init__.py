"""The brain in a scan: its mask, its tissues, its place.

`analysis` registers a scan to a template and measures brain mask and tissue volumes. `engines` names the
programs that can extract a brain. The evaluation compares defaced scans with the originals by both.
"""
