"""Attackers: attacks with what they know of the system under test.

`features` extracts and keeps the features of images, `linkage` scores a trial list with them. `levels` runs
every attack as ignorant, adapted and informed attacker; `attribute_inference` predicts attributes.
`acquisition` reports in which images no face was found.
"""
