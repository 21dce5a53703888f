"""The API, asked with keys that may do all that their owner may."""

from __future__ import annotations

from tests.matrix import rule
from tests.matrix.rule import Row

ADMINS, MEMBERS, SIGNED_IN, CURATORS, WRITER, REVIEWER, TAKING_PART, WORKERS = (
    one.api()
    for one in (
        rule.ADMINS, rule.MEMBERS, rule.SIGNED_IN, rule.CURATORS, rule.WRITER,
        rule.REVIEWER, rule.TAKING_PART, rule.WORKERS,
    )
)  # fmt: skip
# Members see that it is there, so they are told that they may not.
ACTING = CURATORS.other("viewer", "writer", "reviewer", "paused", gets=403)

ROWS = [
    Row("api:me", get=SIGNED_IN),
    Row("api:my-text-list", get=SIGNED_IN),
    Row("api:my-text-detail", "text", get=WRITER, patch=WRITER.to(400), send=b"{}"),
    Row("api:my-text-withdraw", "text", post=WRITER, send=b"{}"),
    Row("api:dataset-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("api:dataset-detail", "slug", get=MEMBERS, patch=CURATORS,
        send=b'{"title": "Ours, too"}'),
    Row("api:dataset-policy", "slug", get=CURATORS, patch=CURATORS,
        send=b'{"weekly_goal": 7}'),
    Row("api:dataset-guidelines-list", "slug", get=MEMBERS, post=CURATORS.to(201),
        send=b'{"text": "Be brief."}'),
    Row("api:dataset-guidelines-detail", "slug =1", get=MEMBERS),
    Row("api:dataset-categories-list", "slug", get=MEMBERS, post=CURATORS.to(201),
        send=b'{"slug": "new", "name": "New"}'),
    Row("api:dataset-categories-detail", "slug =qa", get=MEMBERS, patch=CURATORS,
        send=b'{"name": "Other questions"}'),
    Row("api:dataset-members-list", "slug", get=MEMBERS, post=CURATORS.to(201),
        send=b'{"email": "stranger@example.org", "role": "viewer"}'),
    Row("api:dataset-members-detail", "slug membership", delete=CURATORS.to(204)),
    Row("api:dataset-members-pause", "slug membership", post=CURATORS.to(204),
        send=b'{"reason": "Too fast."}'),
    Row("api:dataset-members-resume", "slug paused", post=CURATORS.to(204), send=b"{}"),
    Row("api:dataset-conversations-list", "slug", get=MEMBERS),
    Row("api:dataset-conversations-detail", "slug conversation", get=MEMBERS),
    Row("api:dataset-messages-list", "slug", get=MEMBERS),
    # Judgements, and what waits for curators.
    Row("api:dataset-reviews-list", "slug", get=CURATORS),
    Row("api:dataset-ballots-list", "slug", get=CURATORS),
    Row("api:dataset-settlements-list", "slug", get=CURATORS),
    Row("api:dataset-findings-list", "slug", get=CURATORS),
    Row("api:dataset-decisions-list", "slug", get=CURATORS),
    Row("api:decision-undo", "decision", post=CURATORS, send=b"{}"),
    Row("api:dataset-queue-list", "slug", get=CURATORS),
    Row("api:dataset-queue-decide", "slug held_text", post=CURATORS.to(400), send=b"{}"),
    Row("api:dataset-queue-take", "slug held_text", post=CURATORS.to(204), send=b"{}"),
    Row("api:dataset-queue-give", "slug held_text", post=CURATORS.to(400), send=b"{}"),
    Row("api:dataset-queue-let-go", "slug held_text", post=CURATORS.to(204), send=b"{}"),
    Row("api:dataset-candidates-list", "slug", post=CURATORS.to(400), send=b"{}"),
    Row("api:dataset-rows-list", "slug", post=CURATORS.to(400), send=b"{}"),
    Row("api:export-list", "digest", get=CURATORS, post=CURATORS.to(201),
        send=b'{"made_for": "A university"}'),
    Row("api:export-lines", "digest export =train", get=CURATORS),
    Row("api:message-detail", "text", get=MEMBERS),
    Row("api:message-comments", "text", get=MEMBERS,
        post=WORKERS.other("viewer", "paused", gets=403).to(201),
        send=b'{"text": "Well."}'),
    Row("api:message-flag", "text",
        post=WORKERS.other("viewer", "paused", gets=403).to(204),
        send=b'{"reason": "unsafe"}'),
    Row("api:message-hold", "text", post=CURATORS, send=b'{"why": "It names a person."}'),
    Row("api:message-release", "held_text", post=CURATORS,
        send=b'{"decision": "accept", "why": "It is fine."}'),
    Row("api:version-list", get=SIGNED_IN, post=ACTING, send=b'{"dataset": "ours"}'),
    Row("api:version-detail", "digest", get=MEMBERS),
    Row("api:version-diff", "digest", get=SIGNED_IN.to(400)),  # of which: not said
    Row("api:version-records", "digest", get=MEMBERS),
    Row("api:version-files", "digest", get=MEMBERS),
    Row("api:version-file", "digest =train.jsonl", get=MEMBERS),
    Row("api:version-verify", "digest", get=MEMBERS),
    Row("api:freezing-detail", "freezing", get=MEMBERS, delete=ACTING.to(204)),
    # Webhooks; those of the site are seen with an admin's key.
    Row("api:hook-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("api:hook-detail", "hook", get=CURATORS, patch=CURATORS, delete=CURATORS.to(204),
        send=b'{"name": "Other"}'),
    Row("api:hook-detail", "site_hook", get=ADMINS),
    Row("api:hook-ping", "hook", post=CURATORS, send=b"{}"),
    Row("api:hook-secret", "hook", post=CURATORS, send=b"{}"),
    Row("api:hook-deliveries", "hook", get=CURATORS),
    Row("api:hook-send-again", "hook delivery_uid", post=CURATORS.to(202), send=b"{}"),
    # Tasks: as on their pages.
    Row("tasks-api:task-list", get=SIGNED_IN),
    Row("tasks-api:task-waiting", get=SIGNED_IN),
    Row("tasks-api:task-claim", send=b"{}",
        post=SIGNED_IN.other("stranger", "viewer", "paused", gets=204)),
    Row("tasks-api:task-detail", "task", get=REVIEWER),
    Row("tasks-api:task-heartbeat", "task", post=REVIEWER.refusing(409)),
    Row("tasks-api:task-draft", "task", put=TAKING_PART, send=b'{"note": "Half"}'),
    Row("tasks-api:task-submit", "task", post=TAKING_PART.to(400), send=b"{}"),
    Row("tasks-api:task-skip", "task", post=TAKING_PART.to(204), send=b"{}"),
    Row("tasks-api:task-undo", "task", post=rule.NOBODY.api()),  # nothing was sent
    # Models: members see that they are there, and are told that they may not steer.
    Row("models-api:base-list", get=SIGNED_IN),
    Row("models-api:base-detail", "=base", get=SIGNED_IN),
    Row("models-api:champion-list", get=SIGNED_IN),
    Row("models-api:promotion-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("models-api:promotion-detail", "=1", get=rule.NOBODY.api()),  # nothing is decided
    Row("models-api:run-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("models-api:run-detail", "run", get=MEMBERS),
    Row("models-api:run-metrics", "run", get=MEMBERS),
    Row("models-api:run-evaluation", "run", get=rule.NOBODY.api()),  # it was not measured
    Row("models-api:run-samples", "run", get=ACTING),
    Row("models-api:run-files", "run", get=CURATORS),
    Row("models-api:run-file", "run =adapter_config.json", get=CURATORS),
    Row("models-api:run-cancel", "queued", post=ACTING, send=b"{}"),
    Row("models-api:run-pause", "queued", post=ACTING, send=b"{}"),
    Row("models-api:run-retry", "queued", post=ACTING.to(409), send=b"{}"),  # it waits
    Row("models-api:job-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("models-api:job-detail", "job", get=MEMBERS),
    Row("models-api:job-cancel", "job", post=ACTING, send=b"{}"),
    Row("models-api:job-pause", "job", post=ACTING, send=b"{}"),
    Row("models-api:job-retry", "job", post=ACTING.to(409), send=b"{}"),
    Row("models-api:schedule-list", get=SIGNED_IN, post=SIGNED_IN.to(400), send=b"{}"),
    Row("models-api:schedule-detail", "schedule", get=CURATORS, patch=CURATORS,
        delete=CURATORS.to(204), send=b"{}"),
    Row("models-api:schedule-fire", "schedule", post=CURATORS, send=b"{}"),
    Row("models-api:schedule-pause", "schedule", post=CURATORS, send=b"{}"),
    Row("models-api:schedule-resume", "schedule", post=CURATORS, send=b"{}"),
    Row("api-schema", get=SIGNED_IN),
    Row("api-docs", get=SIGNED_IN),
    Row("api-nowhere", get=rule.EVERYBODY.to(404).other("closed", gets=401)),
]  # fmt: skip
