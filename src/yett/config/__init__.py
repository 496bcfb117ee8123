"""`yett.yaml`, or a folder of such files, becomes the model.

Here live the shape of the files (`sections`), the wording of every mistake and the reading of secrets that are named.
Nothing here opens a contract, compiles or serves; every mistake is returned with its place, none is raised one by one.
"""

from __future__ import annotations

from yett.config.certificates import CertificateFacts, certificate_facts
from yett.config.load import Loaded, load_configuration
from yett.config.revocation import lists_expire
from yett.config.schema import configuration_schema
from yett.config.secrets import read_secret

__all__ = [
    "CertificateFacts",
    "Loaded",
    "certificate_facts",
    "configuration_schema",
    "lists_expire",
    "load_configuration",
    "read_secret",
]
