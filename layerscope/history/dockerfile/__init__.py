"""Dockerfiles: one written again from a history, and a real one read, held against a history.

``parse`` reads, ``write`` writes, ``reconstruct`` puts the two together with an image, ``match`` finds the line of
every step. The grammar is BuildKit's (moby/buildkit frontend/dockerfile, which the classic builder shares).
"""
