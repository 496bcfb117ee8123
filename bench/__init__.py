"""Measures what a request costs: Yett beside nginx, HAProxy and Envoy, in one run, each alone on its core.

Absolute figures of a shared machine mean little, so everything is told as CPU microseconds per request and as a ratio.
Nothing here is imported by the product.
"""
