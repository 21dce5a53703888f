"""The work surface. A task is its holder's; other tasks are said to be gone."""

from __future__ import annotations

from tests.matrix.rule import CURATORS, REVIEWER, SIGNED_IN, TAKING_PART, WRITER, Row

# Whoever takes part may come late with a task that was theirs: nothing typed is lost.
LATE = TAKING_PART.to(302)

ROWS = [
    Row("annotate:home", get=SIGNED_IN),
    Row("annotate:claim", post=SIGNED_IN.to(302)),
    Row("annotate:task", "slot", get=REVIEWER.refusing(302)),
    Row("annotate:submit", "slot", post=LATE.other("reviewer", gets=422)),
    Row("annotate:skip", "slot", post=LATE),
    Row("annotate:draft-save", "slot", post=TAKING_PART, send=b'{"note": "Half a word"}'),
    Row("annotate:beat", "slot", post=REVIEWER.refusing(409)),
    Row("annotate:ahead", "slot", post=SIGNED_IN),
    Row("annotate:undo", "submission", post=REVIEWER.to(302)),
    Row("annotate:undo-skip", "skip", post=REVIEWER.to(302)),
    Row("annotate:history", get=SIGNED_IN),
    Row("annotate:kept", "draft", get=WRITER),
    Row("annotate:kept-continue", "draft", post=WRITER.to(302)),
    Row("annotate:kept-discard", "draft", post=WRITER.to(302)),
    Row("annotate:allotments", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("annotate:allotment-take-back", "slug allotment", post=CURATORS.to(302)),
    Row("annotate:keys", get=SIGNED_IN, post=SIGNED_IN.to(302), send={"reset": "1"}),
    Row("annotate:differences", "ranking", get=REVIEWER, query="diff=A,B"),
    Row("annotate:coach", "writing_id", post=WRITER, send={"text": "What is a lease?"}),
    Row("annotate:preview", post=SIGNED_IN, send={"text": "**Bold**"}),
]
