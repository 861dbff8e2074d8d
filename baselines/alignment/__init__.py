"""A scan in the place of a template.

`template` holds the template head, its brain and the face mask, found in installed packages. `registration`
finds the affine map from a scan to the template, once a scan for every defacer and analysis.
"""
