"""The agencies, simulated on loopback in their own wire formats."""

from service.sandbox.export_files import SandboxDataError
from service.sandbox.server import Sandbox

__all__ = ["Sandbox", "SandboxDataError"]
