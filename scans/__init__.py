"""One reader of scans, for everybody who opens one: what a file is, where its voxels lie, what is padding.

`build`, `attack`, `deface`, `inspect` and the reference systems open foreign scans by
`scan_file.open_scan`, so that what one of them refuses none of the others takes.
"""
