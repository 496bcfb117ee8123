"""Write a callout: a small ASGI service that the gateway asks whether a request may pass.

It runs beside the gateway under any ASGI server, and never within it. Nothing else of Yett is imported here, so that a
callout needs no more than this package.
"""

from yett.callout.app import CalloutApp, callout
from yett.callout.question import Parameters, Principal, Request
from yett.callout.verdict import Verdict, allow, deny

__all__ = ["CalloutApp", "Parameters", "Principal", "Request", "Verdict", "allow", "callout", "deny"]
