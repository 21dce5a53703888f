"""What no line of ours does, read from the lines themselves."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from config.places import ROOT

APPS = ("config", "curation", "annotate", "trainer")
FILES = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py"))]
TREES = {str(path.relative_to(ROOT)): ast.parse(path.read_text()) for path in FILES}
# Who may speak to other machines. An address that a person typed goes by outbound.py.
SPEAKS = {
    "config/up.py",  # asks our own first page whether it is there
    "curation/clean/calls.py",  # services that the environment names
    "curation/clean/classifiers.py",
    "curation/clean/embedders.py",
    "curation/destinations.py",
    "curation/outbound.py",
    "curation/outbound_requests.py",  # requests, whose every send goes by outbound.py
    "curation/identity.py",  # a session of requests on outbound_requests.py
    "curation/mail.py",  # smtplib's errors, as the two below
    "curation/letters.py",
    "curation/actions/digests.py",
    "trainer/launch.py",  # the name of this machine
    "trainer/served.py",  # vLLM, that the environment names
}
NETWORK = {"httpx", "httpcore", "requests", "urllib3", "urllib.request", "socket", "ftplib"}
NETWORK |= {"http.client", "smtplib", "telnetlib", "aiohttp"}
RUNS_TEXT = {"eval", "exec", "compile", "__import__"}
ASKS = {
    "filter",
    "exclude",
    "get",
    "order_by",
    "values",
    "values_list",
    "annotate",
    "alias",
}
FROM_OUTSIDE = re.compile(r"\b(GET|POST|query_params|COOKIES|request\.data)\b")


def calls():
    for name, tree in TREES.items():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, node


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (one.name for one in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{one.name}" for one in node.names)


def test_no_text_becomes_a_program():
    """Form fields that name a folder ran as a shell's words elsewhere: CVE-2024-52803."""
    found = []
    for name, call in calls():
        said = ast.unparse(call.func)
        keywords = {one.arg: ast.unparse(one.value) for one in call.keywords}
        is_run = said in RUNS_TEXT or re.fullmatch(
            r"os\.(system|popen|exec\w*|spawn\w*)", said
        )
        if is_run or keywords.get("shell", "False") != "False":
            found.append((name, call.lineno, said))

    assert found == []


def test_nothing_is_unpickled():
    """Only trainers' own checkpoints, whose seal was looked at: see recipes/signed.py."""
    odd = {"pickle", "cPickle", "dill", "marshal", "shelve", "joblib", "yaml"}
    found = [(n, m) for n, tree in TREES.items() for m in imported(tree) if m in odd]
    found += [
        (name, call.lineno)
        for name, call in calls()
        if ast.unparse(call.func) in ("torch.load", "pd.read_pickle")
    ]

    assert found == []


def test_only_few_files_speak_to_other_machines():
    speak = {name for name, tree in TREES.items() if NETWORK & set(imported(tree))}

    assert speak - SPEAKS == set()


def test_what_people_send_names_no_field():
    found = [
        (name, call.lineno)
        for name, call in calls()
        if isinstance(call.func, ast.Attribute) and call.func.attr in ASKS
        for given in [*(k.value for k in call.keywords if k.arg is None), *call.args]
        if isinstance(given, ast.Name | ast.Attribute | ast.Starred | ast.Dict)
        and call.func.attr != "get"
        and FROM_OUTSIDE.search(ast.unparse(given))
    ]

    assert found == []


def test_files_leave_as_downloads():
    sent = [
        (name, call.lineno, "as_attachment=True" in ast.unparse(call))
        for name, call in calls()
        if ast.unparse(call.func).endswith("FileResponse")
    ]

    assert len(sent) >= 2
    assert [one for one in sent if not one[2]] == []


@pytest.mark.parametrize("sign", ["|safe", "autoescape off", "|safeseq"])
def test_templates_escape_all_that_they_show(sign):
    pages = [*Path(ROOT, "templates").rglob("*.html")]
    assert len(pages) > 150

    assert [page.name for page in pages if sign in page.read_text()] == []
