"""Rules over contracts: what a good API looks like, said by rulesets that people can read, see and trust.

`rulesets` reads rulesets in the form of Spectral's and finds their mistakes; `functions` holds what a rule may check;
`lint` runs rules over a document. Nothing here fetches anything, and no ruleset can run code.
"""
