"""From a scan or a photograph to a face that can be compared.

A scan is read (`scan`), its skin becomes a surface (`surface`), and the surface is drawn from several `views`
(`render`). `landmarks` finds the face in a picture, `nose_check` whether there is one in the scan at all.
`appearance` puts the steps together; `weights` finds networks, `recognition` crops for them.
"""
