"""The command line: `winnow login`, `datasets`, `pull`, `push`, `run`, `watch`."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

import click

from winnow import keys
from winnow.client import Winnow
from winnow.datasets import Version
from winnow.errors import (
    NoKey,
    Problem,
    RunEnded,
    Unauthorized,
    Unreachable,
    WinnowError,
)
from winnow.pushing import Report
from winnow.runs import Run

# What a script can tell apart. 2 is click's own, for a command that is not understood.
REFUSED, NO_KEY, NO_SERVER, ENDED = 1, 3, 4, 5

as_json = click.option("--json", "is_json", is_flag=True, help="Print JSON, a line each.")


def told(command: Callable[..., None]) -> Callable[..., None]:
    """What goes wrong is a sentence and an exit code, never a traceback."""

    @wraps(command)
    def careful(*args: Any, **options: Any) -> None:
        try:
            command(*args, **options)
        except WinnowError as error:
            click.echo(f"winnow: {error}", err=True)
            for one in error.errors if isinstance(error, Problem) else ():
                click.echo(f"  {one.field}: {one.detail}", err=True)
            sys.exit(_code(error))
        except OSError as error:  # a disk that is full, a folder that is not ours
            click.echo(f"winnow: {error}", err=True)
            sys.exit(REFUSED)

    return careful


def _code(error: WinnowError) -> int:
    if isinstance(error, NoKey | Unauthorized):
        return NO_KEY
    if isinstance(error, Unreachable):
        return NO_SERVER
    return ENDED if isinstance(error, RunEnded) else REFUSED


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="winnow-client")
def main() -> None:
    """Winnow from a terminal, and from scripts.

    Exit codes: 0 done, 1 refused, 2 not understood, 3 no key or a key that opens nothing,
    4 the server does not answer, 5 the run failed or was stopped.
    """


@main.command()
@click.option("--url", help="Where your Winnow is.")
@click.option("--token-stdin", is_flag=True, help="Read the key from standard input.")
@told
def login(url: str | None, *, token_stdin: bool) -> None:
    """Keep a key for this computer, after trying it."""
    if not (url or token_stdin or sys.stdin.isatty()):
        raise NoKey("Without a terminal, say --url and give the key by --token-stdin.")
    url = url or click.prompt("Where is your Winnow", default="http://localhost:8000")
    if token_stdin:
        token = sys.stdin.readline().strip()
    else:
        click.echo(f"Make a key at {url.rstrip('/')}/profile/programs/ and paste it here.")
        token = click.prompt("Key", hide_input=True)
    if not is_private(url):
        click.echo("Not encrypted: whoever listens on the way reads the key.", err=True)
    with Winnow(url, token) as there:
        person = there.me()
    path = keys.keep(keys.found(url, token))
    click.echo(f"Hello {person['name']}. The key is kept in {path}, for you alone to read.")


@main.command()
@told
def logout() -> None:
    """Forget the kept key. To end it for good, take it back on your profile."""
    click.echo("Forgotten." if keys.forget() else "There was none.")


@main.command()
@as_json
@told
def datasets(*, is_json: bool) -> None:
    """The datasets that you may see."""
    with Winnow() as there:
        for row in there.datasets():
            versions = row["version_count"]
            plain = f"{row['slug']}\t{row['title']}\t{versions} versions"
            click.echo(json.dumps(row) if is_json else plain)


@main.command()
@click.argument("version")
@click.argument("folder", required=False, type=click.Path(file_okay=False))
@click.option("--file", "names", multiple=True, help="Only this one; may be repeated.")
@as_json
@told
def pull(
    version: str, folder: str | None, names: tuple[str, ...], *, is_json: bool
) -> None:
    """Take a version home: DATASET or DATASET@NUMBER, into a FOLDER.

    What is there already is compared and left; what broke off goes on.
    """
    with Winnow() as there:
        found = named(there, version)
        into = folder or f"{found.dataset}-v{found.number}"
        found.pull(into, names=names or None)
    facts = {"dataset": found.dataset, "number": found.number, "digest": found.digest}
    plain = f"{found.dataset} version {found.number} is in {into}"
    click.echo(json.dumps(facts | {"folder": into}) if is_json else plain)


@main.command()
@click.argument("dataset")
@click.argument("file", type=click.Path(exists=True, dir_okay=False))
@click.option("--format", "form", required=True, help="Such as dolly, alpaca, oasst.")
@click.option("--map", "mapped", multiple=True, metavar="FIELD=COLUMN")
@click.option(
    "--as", "as_state", type=click.Choice(["accepted", "submitted"]), default="accepted",
    help="Whether people review them first.",
)  # fmt: skip
@as_json
@told
def push(
    dataset: str,
    file: str,
    form: str,
    mapped: tuple[str, ...],
    as_state: str,
    *,
    is_json: bool,
) -> None:
    """Bring a FILE of JSON lines into a DATASET. The same file again adds nothing."""
    mapping = dict(map(pair, mapped))
    with Winnow() as there:
        try:
            report = there.dataset(dataset).push(
                file, form, mapping=mapping, as_state=as_state
            )
        except WinnowError as error:
            if error.so_far not in (None, Report()):
                tell(error.so_far, is_json=is_json)
                click.echo("It broke off there. The same file again goes on.", err=True)
            raise
    tell(report, is_json=is_json)
    if report.bad:
        sys.exit(REFUSED)


@main.command("run")
@click.argument("version")
@click.option("--base", required=True, help="A base model, by its short name.")
@click.option("--method", default="sft", show_default=True)
@click.option("--parent", type=int, help="The run that it goes on from.")
@click.option("--recalled", default=0, help="How many taken-back texts you know of.")
@click.option("--set", "settings", multiple=True, metavar="NAME=VALUE")
@click.option("--watch", "is_watched", is_flag=True, help="Follow it to its end.")
@as_json
@told
def start(
    version: str,
    settings: tuple[str, ...],
    *,
    is_watched: bool,
    is_json: bool,
    **how: Any,
) -> None:
    """Start a run on a version: DATASET or DATASET@NUMBER."""
    chosen = dict(map(setting, settings))
    with Winnow() as there:
        run = named(there, version).train(**how, **chosen)
        click.echo(json.dumps(run.facts) if is_json else f"Run {run.id} is {run.state}.")
        if is_watched:
            follow(run, is_json=is_json)


@main.command()
@click.argument("number", type=int)
@as_json
@told
def watch(number: int, *, is_json: bool) -> None:
    """Follow a run until it is over. Stopping this command leaves the run alone."""
    with Winnow() as there:
        follow(there.run(number), is_json=is_json)


def is_private(url: str) -> bool:
    """Whether a key can be sent there without others on the way reading it."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in ("localhost", "127.0.0.1", "::1")


def named(there: Winnow, version: str) -> Version:
    """`handbook`, `handbook@3` or `handbook@latest`."""
    slug, _at, which = version.partition("@")
    return there.dataset(slug).version(which or "latest")


def tell(report: Report, *, is_json: bool) -> None:
    if is_json:
        click.echo(json.dumps(dataclasses.asdict(report)))
        return
    click.echo(
        f"{report.conversations} conversations with {report.messages} messages are "
        f"new, {report.unchanged} rows were there already, {report.bad} are refused."
    )
    for one in report.problems:
        click.echo(f"  line {one['line']}: {one['reason']}", err=True)


def setting(text: str) -> tuple[str, Any]:
    """`steps=20`, as JSON reads the value; a word that is none is itself."""
    name, value = pair(text)
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        raise click.BadParameter(f"“{text}” has no “=”.")
    return name, value


def follow(run: Run, *, is_json: bool) -> None:
    for event in run.follow(progress=False if is_json else None):
        if is_json:
            facts = event._asdict() | {"run": run.id}
            click.echo(json.dumps(facts))
        elif event.kind == "state" or not sys.stderr.isatty():
            click.echo(f"Run {run.id}: {event}")
    run.check()
