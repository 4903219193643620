"""`python -m mocksms`."""

import sys

from mocksms.cli.main import main

sys.exit(main())
