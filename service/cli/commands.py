"""What each command runs. Imported when it is typed: what one of them needs, the others need not wait for."""

import argparse

__all__ = [
    "accept_list",
    "ask_tool",
    "examine_agencies",
    "run_sandbox",
    "run_service",
    "run_worker",
    "screen_file",
    "show_pools",
    "take_snapshot",
]


def ask_tool(arguments: argparse.Namespace) -> int:
    """Ask one tool one question; the exit code."""
    from service.cli import asking

    return asking.ask_tool(arguments)


def take_snapshot(arguments: argparse.Namespace) -> int:
    """Ask all four sources about one shipment; the exit code."""
    from service.cli import shipments

    return shipments.take_snapshot(arguments)


def screen_file(arguments: argparse.Namespace) -> int:
    """Screen all rows of a file; the exit code."""
    from service.cli import batch

    return batch.screen_file(arguments)


def run_service(arguments: argparse.Namespace) -> int:
    """Serve the REST API; the exit code."""
    from service.cli import serving

    return serving.run_service(arguments)


def run_worker(arguments: argparse.Namespace) -> int:
    """Screen chunks of jobs; the exit code."""
    from service.cli import serving

    return serving.run_worker(arguments)


def run_sandbox(arguments: argparse.Namespace) -> int:
    """Serve the four agencies, simulated; the exit code."""
    from service.cli import serving

    return serving.run_sandbox(arguments)


def accept_list(arguments: argparse.Namespace) -> int:
    """Overrule the gates for one file of the list; the exit code."""
    from service.cli import lists

    return lists.accept_list(arguments)


def show_pools(arguments: argparse.Namespace) -> int:
    """Show how a running service stands; the exit code."""
    from service.cli import pools

    return pools.show_pools(arguments)


def examine_agencies(arguments: argparse.Namespace) -> int:
    """Ask each agency one small question, and say what differs; the exit code."""
    from service.cli import doctor

    return doctor.examine_agencies(arguments)
