"""The reference systems: a head MRI becomes a face, faces are attacked, scans are defaced."""
