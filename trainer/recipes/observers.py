"""Programs that watch training from outside, told by transformers' own hooks.

Off unless the operator names them; none of them is a must, so each may be missing.
"""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path

from trainer.recipes.common import Trouble
from trainer.recipes.settings import Settings

# By the names that transformers knows: a package of these must be there.
PACKAGES = {
    "tensorboard": ("tensorboard", "tensorboardX"),
    "mlflow": ("mlflow",),
    "trackio": ("trackio",),
}
PROJECT = "winnow"
MISSING = (
    "Reporting to {name} needs the package {package} on the trainer worker. Install it "
    "there, or take {name} out of WINNOW_REPORT_TO."
)


def chosen(cfg: Settings) -> list[str]:
    """For the Trainer's `report_to`; their libraries find the place in the environment."""
    names = [name for name in cfg.report_to.split(",") if name]
    for name in names:
        packages = PACKAGES.get(name)
        if packages is None:
            known = ", ".join(PACKAGES)
            raise Trouble(f"Nothing is known of {name!r} in WINNOW_REPORT_TO; {known} are.")
        if not any(find_spec(package) for package in packages):
            raise Trouble(MISSING.format(name=name, package=packages[0]))
    if names:
        os.environ.update(_places(cfg))
    return names


def _places(cfg: Settings) -> dict[str, str]:
    folder = Path(cfg.report_folder or Path(cfg.out) / "reports")
    run = cfg.run or "run"
    return {
        "TENSORBOARD_LOGGING_DIR": str(folder / run),
        "TRACKIO_DIR": str(folder / "trackio"),
        "MLFLOW_TRACKING_URI": cfg.report_uri or (folder / "mlflow").absolute().as_uri(),
        "MLFLOW_EXPERIMENT_NAME": PROJECT,
        "HF_MLFLOW_LOG_ARTIFACTS": "0",  # weights stay where they are
    }
