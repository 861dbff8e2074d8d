"""Attacks: linkage functions between the features of a probe and of a reference.

`registry` makes an attack by name; `geo`, `face_network` and `outline` are the attacks. `training`
compares features with what was fitted on `dev`; `attributes` predicts sex, age and ethnicity.
`metadata_only` links without a face, by file sizes, headers and places in a list, as a control.
"""
