"""One reader of scans: what a file is, where its voxels lie, what is padding.

`build`, `attack`, `deface`, `inspect`, `qc` and the reference systems open foreign scans by
`scan_file.open_scan`. `inspect` asks for the size of a head besides; submissions have a stricter reader of
their own (`challenge.intake.volumes`).
"""
