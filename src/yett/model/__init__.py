"""The vocabulary as frozen types.

Only plain data lives here: no I/O, and nothing of ours is imported.
"""
