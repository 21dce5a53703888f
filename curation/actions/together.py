"""One thing done about several texts that wait for curators: each is refused on its own."""

from __future__ import annotations

from collections.abc import Mapping

from curation.actions import moderation
from curation.actions.selections import Done
from curation.errors import CurationError
from curation.models import Contributor


def act(
    *,
    items: Mapping[int, str],
    action: str,
    by: Contributor,
    note: str = "",
    assignee: Contributor | None = None,
) -> Done:
    """Decide on these, or say who looks after them: `take`, `give` to one, `let_go`.

    Beside each message stands what was seen of it: see moderation.sign_of.
    """
    done = Done()
    for pk, seen in items.items():
        try:
            if action == "take":
                moderation.take(message_id=pk, by=by)
            elif action == "let_go":
                moderation.let_go(message_id=pk, by=by)
            elif action == "give":
                assert assignee is not None, "the form asks whom"
                moderation.give(message_id=pk, to=assignee, by=by)
            else:
                moderation.decide(message_id=pk, by=by, action=action, note=note, seen=seen)
            done.done += 1
        except CurationError as refusal:
            done.refused.append((pk, str(refusal)))
    return done
