"""What CI must refuse: a policy is read, an image is held to it, and a verdict says what came of it. No I/O.

rules.py           every rule, in one table
rule.py            what a rule is
budgets.py         rules on sizes and counts
demands.py         rules on what must and must not be there
limit.py           sizes, shares, ages, patterns, as people write them
check.py           a policy as values
policy.py          from TOML and flags to a policy
contradictions.py  what no image could meet
subject.py         what a rule looks at, and what it says
totals.py          budgets of sizes and counts
paths.py           what must and must not be there
settings.py        what the image says of itself
dive.py            dive's three rules
diveci.py          .dive-ci
policyschema.py    the JSON Schema of a policy
packaged.py        which packages may not be there
snapshot.py        what is remembered of an image
baseline.py        that as a document
growth.py          two of them held against each other
growing.py         rules on growth
suggest.py         budgets from what an image is today
evaluate.py        policy and image to a verdict
verdict.py         the verdict
"""
