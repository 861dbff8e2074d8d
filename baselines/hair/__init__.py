"""Photographs without hair.

`removal` finds hair by place and colour and paints skin over it. `hairmapper` calls the published network of
that name where it is installed. Both take and return pictures.
"""
