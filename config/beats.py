"""What the clock rings for, and how often: see `settings.CELERY_BEAT_SCHEDULE`."""

from __future__ import annotations

from typing import Any

BEATS: dict[str, dict[str, Any]] = {
    # Runs whose worker or message was lost go back to the queue.
    "restart-silent-runs": {"task": "trainer.tasks.restart_silent_runs", "schedule": 20},
    # Schedules of runs: by the hour, or when enough is new.
    "fire-schedules": {"task": "trainer.tasks.fire_schedules", "schedule": 30},
    # Examples that were accepted since are scored by the newest model of their dataset.
    "score-examples": {"task": "trainer.tasks.score_examples", "schedule": 86_400},
    # Arenas ask on or settle, and what meets all becomes champion, where rules say so.
    "follow-ballots": {"task": "trainer.tasks.follow_ballots", "schedule": 120},
    # Talks in the playground go a month after the last question.
    "forget-talks": {"task": "trainer.tasks.forget_talks", "schedule": 86_400},
    # Conversations that changed get the slots that they now need.
    "plan-changed": {"task": "annotate.tasks.plan_changed", "schedule": 10},
    # What curators gave to people: topped up, and freed when it is done or overdue.
    "keep-up-allotments": {"task": "annotate.tasks.keep_up_allotments", "schedule": 60},
    # Slots whose holder went away become free for the next person.
    "expire-leases": {"task": "annotate.tasks.expire_leases", "schedule": 30},
    # What was kept of a submission for undo goes once its time is over.
    "forget-submissions": {"task": "annotate.tasks.forget_submissions", "schedule": 300},
    # Browsers that were signed in long ago.
    "forget-sessions": {"task": "curation.tasks.forget_sessions", "schedule": 86_400},
    # SAML providers change their keys, and say so where their metadata stands.
    "renew-metadata": {"task": "curation.tasks.renew_metadata", "schedule": 3600},
    # What programs were answered whose requests nobody will send again.
    "forget-answers": {"task": "curation.tasks.forget_answers", "schedule": 3600},
    # What was written before there were sketches, or with older ones, can be looked up too.
    "sketch-prompts": {"task": "curation.tasks.sketch_prompts", "schedule": 3600},
    # Imports want near-duplicates looked for, and what a lost message asked for is begun.
    "find-waiting-duplicates": {
        "task": "curation.tasks.find_waiting_duplicates",
        "schedule": 60,
    },
    # Known items count at once; prompts on which nearly all agree are looked at here.
    "compute-reputations": {"task": "curation.tasks.compute_reputations", "schedule": 600},
    # The browse page reads its numbers off a table where a dataset is large.
    "count-large-datasets": {
        "task": "curation.tasks.count_large_datasets",
        "schedule": 600,
    },
    # What was judged under an older guideline is put before people again, in parts.
    "judge-again": {
        "task": "curation.tasks.judge_again",
        "schedule": 30,
        "options": {"expires": 30},
    },
    # Orders are settled again where people's ballots weigh otherwise by now.
    "settle-again": {"task": "curation.tasks.settle_again", "schedule": 60},
    # Versions that wait, or whose worker was lost, are made after all.
    "restart-silent-freezings": {
        "task": "curation.tasks.restart_silent_freezings",
        "schedule": 60,
    },
    # Files that are imported, written or archived: a lost worker's; and old ones go.
    "restart-silent-transfers": {
        "task": "curation.tasks.restart_silent_transfers",
        "schedule": 60,
    },
    "forget-transfers": {"task": "curation.tasks.forget_transfers", "schedule": 3600},
    # Texts are looked at by checks that take long, and again by those that changed.
    "check-texts": {"task": "curation.tasks.check_texts", "schedule": 60},
    "find-unchecked-texts": {
        "task": "curation.tasks.find_unchecked_texts",
        "schedule": 3600,
    },
    # What was just written gets its vector, where there is an embedder.
    "embed-texts": {
        "task": "curation.tasks.embed_texts",
        "schedule": 20,
        "options": {"expires": 20},
    },
    # However old: after an import, or with another embedder.
    "embed-all-texts": {"task": "curation.tasks.embed_all_texts", "schedule": 3600},
    # Texts of people who took back more than is done at once, and versions that were being
    # frozen meanwhile.
    "carry-on-withdrawals": {"task": "curation.tasks.carry_on_withdrawals", "schedule": 20},
    # What is left of people whom an admin has erased, after a worker was lost, too.
    "carry-on-erasures": {"task": "curation.tasks.carry_on_erasures", "schedule": 30},
    # Frozen versions are compared with their digests, some of them each day.
    "verify-versions": {"task": "curation.tasks.verify_versions", "schedule": 86_400},
    "recall-late": {"task": "curation.tasks.recall_late", "schedule": 600},
    # Half-written files of versions whose process was killed.
    "forget-unfinished-files": {
        "task": "curation.tasks.forget_unfinished_files",
        "schedule": 86_400,
    },
    # Other programs are told what happened.
    "send-deliveries": {
        "task": "curation.tasks.send_deliveries",
        "schedule": 5,
        "options": {"expires": 10},
    },
    # What they were told a month ago.
    "forget-deliveries": {
        "task": "curation.tasks.forget_deliveries",
        "schedule": 86_400,
    },
    # People get their news by mail, as often as their profile says.
    "send-digests": {"task": "curation.tasks.send_digests", "schedule": 3600},
}
# What no worker got to before the clock rings again is dropped, or a busy worker would
# never come to the end of its queue. What is quick and rings often stays for a minute, so
# that the long ones are dropped first, and clocks of two machines may differ a little.
for beat in BEATS.values():
    beat.setdefault("options", {"expires": max(beat["schedule"], 60)})
