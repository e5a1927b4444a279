"""`python -m service`, and the console script. See `service.cli`."""

import sys

__all__ = ["main"]

INTERRUPTED = 130


def main() -> int:
    """Run the command that was typed; the exit code."""
    try:
        # What it takes to run one takes a moment to load, in which people change their minds, too.
        from service.cli.main import main as run

        return run()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
