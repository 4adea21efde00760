"""One file a format: what was found out, as text. Everything that came out of an image is hostile here.

display.py     the one way from image text to safe text
quantities.py  bytes and shares, for people
page.py        width, colour and glyphs of where text goes
grid.py        wrapping and columns
heading.py     which image it is, and the config that matters
table.py       an inspection, for a terminal
timeline.py    a history, for a terminal
listing.py     files, one a line
selection.py   which files of a listing, in which order
document.py    inspections and histories as values that JSON has
rows.py        one file as such a value
json.py        such values as bytes-stable JSON
markdown.py    an inspection or a history for a pull request
diff.py        a comparison of two images, for a terminal; its sections in difffiles.py, diffpackages.py,
               difflayers.py and difftexts.py, what these share in diffstyles.py
diffwords.py   what differs, in words
diffmarkdown.py, diffdocument.py   a comparison for a pull request, and as values that JSON has
verdictwords.py what a gate's verdict says, in words
gatetable.py   verdicts, for a terminal
gatedocument.py verdicts as a value that JSON has
gatemarkdown.py verdicts for a pull request or a job's summary
junit.py       verdicts as JUnit XML
sarif.py       verdicts as SARIF
github.py      verdicts as workflow commands
gitlab.py      verdicts as a code quality report
places.py      where findings are shown, and what they are known by
ruletext.py    rules explained
divejson.py    what dive --json writes
packagechoice.py packagestable.py packagesmarkdown.py packagesdocument.py packagesblock.py
               packages: which of them, and each format
storage.py     what the cache holds
schema.py      the JSON Schemas, shipped in schemas/
"""
