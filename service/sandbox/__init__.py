"""The agencies, simulated on loopback in their own wire formats."""

from service.sandbox.export_files import SandboxDataError
from service.sandbox.faults import Fault, parse_faults
from service.sandbox.server import KEYS, Sandbox

__all__ = ["KEYS", "Fault", "Sandbox", "SandboxDataError", "parse_faults"]
