"""Two of the answers in a task, word by word: for browsers that run no script."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from annotate import access, queue
from annotate.models import RANKINGS, Assignment
from annotate.screens.rank import Answer, answers_of
from curation.clean.differences import differences
from curation.http import SignedInRequest

Kind = Assignment.Kind
Passage = tuple[bool, str]  # whether it stands in this answer only, and its words


@require_GET
@login_required
def show(request: SignedInRequest, pk: int) -> HttpResponse:
    """`?diff=A,B`, or `?diff=A&diff=B` as a form sends it."""
    slot = access.slot_of_mine(request, pk)
    if slot.kind not in RANKINGS or not queue.covers(request.user, slot):
        raise Http404
    answers = {answer.letter: answer for answer in answers_of(slot)}
    letters = ",".join(request.GET.getlist("diff")).split(",")
    if len(letters) != 2 or not answers.keys() >= set(letters):
        raise Http404
    first, second = (answers[letter] for letter in letters)
    context = {
        "slot": slot,
        "letters": letters,
        "all_letters": list(answers),
        "compared": _compared(first, second),
    }
    return render(request, "annotate/differences.html", context)


def _compared(first: Answer, second: Answer) -> list[tuple[Answer, list[Passage]]]:
    parts = differences(first.text, second.text)
    return [
        (answer, [(op == only, words) for op, words in parts if op in ("equal", only)])
        for answer, only in ((first, "delete"), (second, "insert"))
    ]
