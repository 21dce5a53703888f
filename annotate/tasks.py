"""What the work surface does by itself; the beat table says when."""

from __future__ import annotations

from annotate import actions, allotments, planner, undo
from curation.background import background_task


@background_task()
def plan_changed() -> None:
    planner.plan_changed()


@background_task()
def expire_leases() -> None:
    actions.expire_leases()


@background_task()
def keep_up_allotments() -> None:
    allotments.keep_up()


@background_task()
def forget_submissions() -> None:
    undo.forget()
