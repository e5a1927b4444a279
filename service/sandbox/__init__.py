"""The agencies, simulated on loopback in their own wire formats. One module an agency."""

from service.sandbox.agency import SandboxDataError
from service.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxDataError"]
