"""`python -m mocksms`."""

import sys

from mocksms.cli import main

sys.exit(main())
