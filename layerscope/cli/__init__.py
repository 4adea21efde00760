"""The command line: a file a command, and around them what all commands share.

app.py         which commands there are; from arguments to an exit code
group.py       commands that are imported when they are asked for
command.py     how a command is declared, how its help looks
options.py     every option, defined once
values.py      sizes, durations and counts as people write them
exits.py       exit codes, and which error is which
speech.py      what people are told on standard error
progress.py    how far layers are
page.py        what standard output is like
output.py      where output goes, and that files come whole or not at all
opening.py     from IMAGE and the options to an opened image and a reader
several.py     several images in one run
ruleflags.py   a flag for every rule of the gate
gatepolicy.py  where a policy comes from
gatebaseline.py what an image is held against
gaterun.py     judging images
gaterender.py  a verdict in each format
gatehelp.py    rules explained, budgets suggested
inspect.py history.py files.py diff.py packages.py cat.py gate.py cache.py schema.py
"""
