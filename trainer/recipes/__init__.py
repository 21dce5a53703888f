"""The recipes: plain Python, no Django. Each is run as `python -m trainer.recipes.<name>`.

The environment is set here because the libraries read it while they are imported. Recipes
never talk to a hub; fetch.py, a process of its own, may when the config allows it.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "0" if os.environ.get("WINNOW_HUB") == "open" else "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
