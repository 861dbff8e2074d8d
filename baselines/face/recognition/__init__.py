"""What a face network is given, and the library that carries it.

`crops` aligns a face as each network was trained; `deepface_library` is the door to networks of deepface.
"""
