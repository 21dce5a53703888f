#!/usr/bin/env python
from __future__ import annotations

import os
import sys

from django.core.management import execute_from_command_line

from curation import command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    with command_line.named(sys.argv[1] if len(sys.argv) > 1 else ""):
        execute_from_command_line(sys.argv)
