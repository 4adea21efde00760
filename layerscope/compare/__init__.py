"""What is different between two images: layers, files, packages, config, history.

comparison.py  the one call, and the value that comes of it
aspects.py     what can differ about one file, and what of it is not to count
alignment.py   which items of two lists belong together
layers.py      layers shared, moved, replaced, added, removed
walk.py        two merged trees side by side: every path that differs
moves.py       which removed file is which added one
inodes.py      which name of a hard-linked file carries its bytes
files.py       the files that differ, with bytes that add up
packages.py    packages that came, went or changed
growth.py      which layer, package and file brought the difference
settings.py    config, environment, labels, annotations, platform
steps.py       history

Pure functions of two inspections: no I/O. The first image is *before*, the second *after*.
"""
