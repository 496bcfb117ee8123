"""Contracts that are made rather than read: from a few words, from several files, from changes, from recordings.

Here live what `yett new api`, `yett bundle`, `yett overlay` and `yett infer` write. Nothing here knows the gateway, the
store or a network; of ours only `yett.model`, `yett.errors`, `yett.documents`, `yett.contract` and `yett.governance`
are imported.
"""
