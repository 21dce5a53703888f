"""Write down the versions that .venv holds, for others to install: `make lock`.

Only what pyproject.toml asks for, and what that needs in turn.
"""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from config.places import ROOT

# torch brings these itself, for the kind of GPU that its own wheel was made for.
LEFT_TO_TORCH = re.compile(r"^(nvidia-|cuda-|triton)")


def needed_by(wanted: list[str]) -> dict[str, str]:
    """Map each package that these requirements lead to, to its installed version."""
    found: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(Requirement(line), "") for line in wanted]
    while waiting:
        requirement, asked_extra = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": asked_extra}):
            continue
        name = canonicalize_name(requirement.name)
        if LEFT_TO_TORCH.match(name):
            continue
        package = distribution(name)
        found[name] = package.version.partition("+")[0]  # 2.13.0+cpu is 2.13.0 to others
        for extra in {"", *requirement.extras} - {e for n, e in seen if n == name}:
            seen.add((name, extra))
            waiting += [(Requirement(line), extra) for line in package.requires or []]
    return found


def write(name: str, packages: dict[str, str], *first_lines: str) -> None:
    pins = [f"{package}=={packages[package]}" for package in sorted(packages)]
    head = [*first_lines, "# Written by `make lock`."]
    (ROOT / name).write_text("\n".join([*head, *pins]) + "\n")


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    groups = project["optional-dependencies"]
    try:
        watched = [*groups["sentry"], *groups["traces"]]  # by a variable, in any image
        web = needed_by([*project["dependencies"], *watched])
        runtime = web | needed_by(groups["training"])
        dev = needed_by(groups["dev"])
    except PackageNotFoundError as missing:
        raise SystemExit(f"{missing.name} is not installed in this .venv.") from None
    write("requirements.lock", runtime)
    write("requirements-web.lock", web, "# For the web image: nothing to train with.")
    only_dev = {name: dev[name] for name in dev.keys() - runtime.keys()}
    write("requirements-dev.lock", only_dev, "-r requirements.lock")


if __name__ == "__main__":
    main()
