"""The token endpoint for machine clients: OAuth 2.0, and no identity provider.

Here live the grants, the client authentication, the signing keys and the small ASGI application that speaks them. The
gateway stands in front of it like in front of any API. Nothing here reads a configuration, a file or a store: settings
and ports come in from `services`.
"""
