"""Who may do what: API keys and the secrets they are checked with.

Pure rules over the model live here; nothing here reads a socket, an environment variable or a store.
"""
