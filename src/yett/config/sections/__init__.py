"""The shape of each section of a configuration file, and how it becomes the model: one module a section.

The pydantic models here are the only truth about the shape; `schemas/config.json` is exported from them.
"""
