"""`mocksms` and `python -m mocksms`."""

import sys

from mocksms.cli.first_process import exit_on_sigterm


def run() -> None:
    """Run the command line, and exit."""
    exit_on_sigterm()  # before the imports that take long
    from mocksms.cli.main import main

    sys.exit(main())


if __name__ == "__main__":
    run()
