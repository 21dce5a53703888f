"""Curation's pages."""

from __future__ import annotations

from tests.matrix.rule import (
    ADMINS,
    CURATORS,
    MEMBERS,
    NOBODY,
    SIGNED_IN,
    WORKERS,
    WRITER,
    Row,
    only,
)

# Those who judge are not told how others do.
MEASURING = only("viewer", "curator", "admin")
TALKING = WORKERS.other("paused", gets=422)  # paused: told why not

ROWS = [
    Row("curation:datasets", get=SIGNED_IN),
    Row("curation:dataset-new", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:dataset", "slug", get=MEMBERS),
    # One conversation.
    Row("curation:conversation", "slug conversation", get=MEMBERS),
    Row("curation:hold", "slug conversation answer", post=CURATORS.to(302),
        send={"why": "It names a person."}),
    Row("curation:release", "slug conversation held", post=CURATORS.to(302),
        send={"decision": "accept", "why": "It is fine."}),
    # How a dataset is run.
    Row("curation:guideline", "slug", get=MEMBERS, post=CURATORS.to(302),
        send={"text": "Be brief.", "based_on": "1"}),
    Row("curation:judged-again", "slug", get=CURATORS, post=CURATORS.to(409)),
    Row("curation:judged-again-stop", "slug look", post=CURATORS.to(302)),
    Row("curation:people", "slug", get=MEMBERS, post=CURATORS.to(302),
        send={"email": "stranger@example.org", "role": "viewer"}),
    Row("curation:remove", "slug membership", post=CURATORS.to(302)),
    Row("curation:rules", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:category-new", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:category", "slug category", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:flags", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:gold", "slug", get=CURATORS),
    Row("curation:gold-make", "slug answer", post=CURATORS.to(302),
        send={"verdict": "accept", "why": "It is plain."}),
    Row("curation:gold-retire", "slug gold", post=CURATORS.to(302)),
    Row("curation:gold-ranking-make", "slug prompt", post=CURATORS.to(302),
        send=lambda w: {"why": "So."}
        | {f"place_{pk}": str(place) for place, pk in enumerate(w.ranked, 1)}),
    Row("curation:gold-ranking-retire", "slug gold_ranking", post=CURATORS.to(302)),
    # Talking about a text, from any page that shows it.
    Row("curation:comments", "answer", get=MEMBERS, post=TALKING.to(302),
        send={"text": "Well said."}),
    Row("curation:comments", "held", get=only("writer", "curator", "admin")),
    Row("curation:comment", "comment", get=WRITER.to(302)),
    Row("curation:comment-delete", "comment", post=WRITER.to(302)),
    Row("curation:flag-new", "answer", get=WORKERS.other("paused", gets=200)),
    Row("curation:flag", post=TALKING.to(302),
        send=lambda w: {"message": w.message.address, "reason": "unsafe"}),
    # Frozen versions.
    Row("curation:versions", "slug", get=MEMBERS, post=CURATORS.to(302)),
    Row("curation:version", "slug number", get=MEMBERS, post=MEMBERS),
    Row("curation:download", "slug number =train.jsonl", get=MEMBERS),
    # One's own work, and oneself.
    Row("curation:me", get=SIGNED_IN),
    Row("curation:work", get=SIGNED_IN),
    Row("curation:withdraw", "answer", get=WRITER, post=WRITER.to(302)),
    Row("curation:amend", "answer", get=WRITER, post=WRITER.to(422)),
    Row("curation:profile", get=SIGNED_IN, post=SIGNED_IN.to(422)),
    Row("curation:tokens", get=SIGNED_IN, post=SIGNED_IN,
        send={"name": "Mine", "scopes": ["read"], "days": "7"}),
    Row("curation:token-revoke", "token", post=WRITER.to(302)),
    Row("curation:sessions", get=SIGNED_IN, post=SIGNED_IN.to(302)),
    Row("curation:notifications", get=SIGNED_IN),
    Row("curation:bell", get=SIGNED_IN),
    Row("curation:notifications-read", post=SIGNED_IN.to(302)),
    Row("curation:leaderboard", get=SIGNED_IN),
    # The whole installation.
    Row("curation:instance", get=ADMINS, post=ADMINS.to(302), send={"is_open": "on"}),
    Row("curation:health", get=ADMINS),
    Row("curation:sign-in", get=ADMINS, post=ADMINS.to(302), send={"of": "nobody"}),
    Row("curation:person-sign-in", "stranger_id", get=ADMINS, post=ADMINS.to(302)),
    Row("curation:second-step-off", "stranger_id", post=ADMINS.to(302)),
    Row("curation:account-new", get=ADMINS, post=ADMINS,
        send={"email": "new@example.org", "name": "New"}),
    Row("curation:account-active", "stranger_id", post=ADMINS.to(302),
        send={"active": "no"}),
    # Somebody pauses, and what they judged is looked at once more.
    Row("curation:person", "slug reviewer_id", get=CURATORS, post=CURATORS.to(302),
        send={"reason": "Too fast."}),
    Row("curation:person-again", "slug reviewer_id", post=CURATORS),
    Row("curation:person-pause", "stranger_id", get=ADMINS, post=ADMINS.to(302),
        send={"reason": "Too fast."}),
    Row("curation:suspension-lift", "suspension", post=CURATORS.to(302)),
    Row("curation:duplicates", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:duplicates-search", "slug", post=CURATORS.to(302)),
    Row("curation:moderation", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:decision-undo", "decision", post=CURATORS.to(302)),
    Row("curation:design", get=ADMINS),
    Row("curation:agreement", "slug", get=MEASURING),
    # A version in the making, and what differs between two.
    Row("curation:freezing-cancel", "slug freezing", post=CURATORS.to(302)),
    # The whole of it as one file; this one's is gone.
    Row("curation:archives", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:archive", "slug archive", get=CURATORS.to(409)),
    Row("curation:archive-cancel", "slug archive", post=CURATORS.to(302)),
    Row("curation:archive-destroy", "slug archive", post=CURATORS.to(302)),
    Row("curation:version-diff", "slug number before", get=MEMBERS),
    # What texts are looked at for.
    Row("curation:rules-checks", "slug", post=CURATORS.to(422)),
    Row("curation:evaluation-sets", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:evaluation-set-remove", "evaluation_set", post=ADMINS.to(302)),
    # Looking at the data.
    Row("curation:dashboard", "slug", get=MEMBERS),
    Row("curation:dashboard-table", "slug =progress", get=MEMBERS),
    Row("curation:dashboard-table", "slug =agreement", get=MEASURING),
    Row("curation:browse", "slug", get=MEMBERS),
    Row("curation:browse-do", "slug", post=CURATORS.to(422)),
    Row("curation:view-save", "slug", post=MEMBERS.to(302), send={"name": "Mine, too"}),
    Row("curation:view-save", "slug",
        post=MEMBERS.to(302).other("viewer", gets=409),
        send={"name": "For all", "is_shared": "on"}),
    Row("curation:view-delete", "slug view", post=WRITER.to(302)),
    Row("curation:similar", "answer", get=NOBODY),  # nothing here compares meanings
    # What people agree to, and what they agreed to. There are no terms: nothing to ask.
    Row("curation:consent", "slug", get=MEMBERS.to(302), post=MEMBERS.to(302)),
    Row("curation:terms", "slug", get=MEMBERS, post=ADMINS.to(422)),
    Row("curation:instance-terms", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:consents", get=SIGNED_IN),
    # Taking back, and where it had gone.
    Row("curation:withdraw-all", get=SIGNED_IN, post=SIGNED_IN.to(302),
        send={"dataset": ""}),
    Row("curation:withdrawal", "withdrawal", get=WRITER),
    Row("curation:erase-me", get=SIGNED_IN, post=SIGNED_IN.to(302)),
    Row("curation:erase", "stranger_id", get=ADMINS, post=ADMINS.to(302),
        send={"email": "stranger@example.org"}),
    # What is behind a version, a model, a text; and the same as files.
    Row("curation:version-lineage", "slug number", get=MEMBERS),
    Row("curation:card", "slug number =README.md", get=MEMBERS),
    Row("curation:model-lineage", "report", get=MEMBERS),
    Row("curation:text-lineage", "answer", get=MEMBERS),
    # Other programs are told what happens.
    Row("curation:hooks", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:site-hooks", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:hook", "hook", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:hook", "site_hook", get=ADMINS, post=ADMINS.to(422)),
    Row("curation:hook-log", "hook", get=CURATORS),
    Row("curation:hook-test", "hook", post=CURATORS.to(302)),
    Row("curation:hook-secret", "hook", post=CURATORS),
    Row("curation:hook-switch", "hook", post=CURATORS.to(302)),
    Row("curation:hook-remove", "hook", post=CURATORS.to(302)),
    Row("curation:hook-again", "hook delivery", post=CURATORS.to(302)),
    # Files come in.
    Row("curation:imports", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:import", "slug imported", get=CURATORS, post=CURATORS.to(302)),
    Row("curation:import-cancel", "slug imported", post=CURATORS.to(302)),
    Row("curation:import-refused", "slug imported =csv", get=CURATORS),
    # Files go out.
    Row("curation:extracts", "slug", get=CURATORS, post=CURATORS.to(422)),
    Row("curation:extract", "slug extract", get=CURATORS),
    Row("curation:extract-cancel", "slug extract", post=CURATORS.to(302)),
    Row("curation:extract-file", "slug extract", get=CURATORS.to(404)),
    # What leaves under other names.
    Row("curation:exports", "slug number", get=CURATORS, post=CURATORS.to(302),
        send={"made_for": "A university"}),
    Row("curation:export", "slug number export =train", get=CURATORS),
]  # fmt: skip
