"""Yett: API management with the security built in.

Python decides and compiles; the Rust engine enforces and reports. Nothing in this package runs on the request path.
"""
