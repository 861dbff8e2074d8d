"""A photograph of a synthetic person.

`scene` puts head, hair and background before a `camera` in some `light`; `photograph` develops it. `skin`,
`strands`, `hair`, `face_hair` and `eyes` make what is drawn, and `drawing` draws it.
"""
