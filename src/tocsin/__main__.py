import sys

from tocsin.config.command import main

sys.exit(main())
