"""Use-cases: what a person or a program asks Yett to do, one module each.

The only writers. They tie the rooms together and know nothing of terminals or HTTP.
"""
