"""Which package owns which bytes: dpkg, apk, rpm, Python, npm and Go, layer by layer.

probe.py       sees the layers stream past and keeps what their package databases say
record.py      one database file as the probe keeps it
content.py     how such a file's content is taken in: bounded, never believed
dpkg.py apk.py rpm.py python.py npm.py gobinary.py
               a package manager each: reading its files; what is installed by them
rpmdatabase.py rpmheader.py
               the three databases that rpm has had, and the headers in them
managers.py    all of them together
installed.py   what a manager says is installed
presence.py    what came and went with each layer
places.py      where a path of a database really is, links of the tree followed
owners.py      which package a path belongs to
stack.py       layer upon layer: what came, what went, whose bytes they are
unowned.py     what belongs to no package
package.py     the result

After the probe there is no I/O: everything else is a pure function of what it kept, of layer indexes and of the tree.
"""
