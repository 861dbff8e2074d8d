"""An edition on the platforms people already use: Codabench, grand-challenge, a folder to start from.

`packing` writes texts and zips that are the same bytes every time. `scorer` evaluates a submission inside a
platform, `columns` says what the platform shows. `starting_kit` is the participant's first folder.
"""
