"""`python -m tenon`."""

import sys

from tenon.cli import main

sys.exit(main())
