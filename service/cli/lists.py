"""`list accept`: a person's word that a file of the list is to be in force, whatever gates it fails."""

import argparse
import getpass
from datetime import UTC, datetime

from service.cli.exits import BAD_USAGE, NOT_ANSWERED
from service.cli.output import complain, write
from service.cli.settings import read_settings
from service.parts import lists_folder
from tools.screening.store import ListStore

__all__ = ["accept_list"]


def accept_list(arguments: argparse.Namespace) -> int:
    """Write it down where the lists are; a service that runs there takes it up within seconds."""
    config = read_settings(arguments, "sandbox")
    store = ListStore(lists_folder(config))
    try:
        accepted = store.accept(arguments.sha256.lower(), by=arguments.by or getpass.getuser(), at=datetime.now(UTC))
        is_here = any(each.sha256 == accepted.sha256 for each in store.suspects())
    except ValueError as exc:
        complain(f"SHA256: {exc}")
        return BAD_USAGE
    except OSError as exc:
        complain(f"{store.root}: {exc.strerror or exc}")
        return NOT_ANSWERED
    known = "it is kept aside here" if is_here else "it is not here yet, and will be believed when it comes"
    write(f"accepted by {accepted.by}: {accepted.sha256} ({known})\n".encode())
    return 0
