"""Somebody who uses all there is, and leaves traces in it."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from django.conf import settings
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from annotate import allotments
from annotate.models import Assignment
from curation import handoff, intake, renaming
from curation.actions import (
    consents,
    discussion,
    exports,
    gold,
    lookalikes,
    messages,
    moderation,
    rechecks,
    tokens,
    versions,
    withdrawals,
)
from curation.models import (
    Contributor,
    Instance,
    KeptAnswer,
    Membership,
    Message,
    Review,
    Terms,
)
from tests.annotate.work import claim, planned, submit
from tests.curation.pages import url
from tests.factories import (
    CategoryFactory,
    ContributorFactory,
    MessageFactory,
    ReplyFactory,
)
from trainer.actions import runs
from trainer.config import RunConfig
from trainer.models import BaseModel, Sample, Talk

MARK = "qwyxzzle"  # in everything that they type
NAME, EMAIL = f"Ottokar {MARK.title()}", f"ottokar.{MARK}@example.org"
PASSWORD = "correct horse battery"
SAID = f"The {MARK} lives under the old stone bridge and eats warm bread"


class Life:
    """A person and their colleagues, who use what there is."""

    def __init__(self, dataset):
        self.dataset = dataset
        self.other = ContributorFactory(member=dataset, name="Bert Brown")
        self.curator = ContributorFactory(member=dataset, member__roles=["curator"])
        self.client, self.others, self.curators = Client(), Client(), Client()
        self.others.force_login(self.other)
        self.curators.force_login(self.curator)

    def sign_up(self):
        Instance.objects.create(registration_open=True)
        sent = {"email": EMAIL, "password1": PASSWORD, "password2": PASSWORD, "name": NAME}
        assert self.client.post(reverse("account_signup"), sent).status_code == 302
        self.person = Contributor.objects.get(email=EMAIL)
        self.client.post(reverse("account_logout"))
        failed = {"login": EMAIL, "password": "wrong"}
        self.client.post(reverse("account_login"), failed)
        self.client.post(reverse("account_login"), {"login": EMAIL, "password": PASSWORD})
        self.client.post(reverse("account_reset_password"), {"email": EMAIL})
        # By address, on the page where people are added.
        people = url("people", self.dataset.slug)
        for role in ("writer", "reviewer"):
            sent = self.curators.post(people, {"email": EMAIL, "role": role})
            assert sent.status_code == 302
        profile = {"name": NAME, "expertise": f"All that is {MARK}", "digest": "daily"}
        assert self.client.post(url("profile"), profile).status_code == 302
        assert self.person.profile.expertise
        tokens.issue(by=self.person, name=f"For {NAME}", scopes=["read"], days=7)
        KeptAnswer.objects.create(
            person=self.person, key=f"{MARK}-1", fingerprint="f", body=f'{{"n": "{NAME}"}}'
        )
        terms = Terms.objects.create(
            dataset=self.dataset, number=1, text="We use it.", uses=[]
        )
        for who in (self.person, self.other, self.curator):
            consents.agree(terms_ids=[terms.pk], by=who)

    def write(self):
        """By the task pages: a prompt, an answer, half a draft, one that was skipped."""
        CategoryFactory(dataset=self.dataset, target=5)
        question = planned(self._prompt())
        slot = claim(self.client, kind="answer")
        sent = submit(self.client, slot, text=f"{SAID}, as everybody knows.")
        assert sent.status_code == 302
        self.answer = Message.objects.get(author=self.person)
        self.client.post(reverse("annotate:preview"), {"text": SAID})
        planned(self._prompt())
        slot = claim(self.client, kind="answer")
        draft = reverse("annotate:draft-save", args=[slot.pk])
        half = {"data": {"text": f"Half {SAID}"}, "content_type": "application/json"}
        assert self.client.post(draft, **half).status_code == 200
        coach = reverse("annotate:coach", args=[slot.pk])
        self.client.post(coach, {"text": SAID, "key": str(uuid.uuid4())})
        self.question = question
        self.prompt = MessageFactory(
            conversation__dataset=self.dataset,
            author=self.person,
            accepted=True,
            text=f"{SAID}: how would you catch one with an open hand?",
            context=f"A passage on every {MARK}.",
        )
        self.held = MessageFactory(
            conversation__dataset=self.dataset, author=self.person, text=f"Held {MARK}."
        )
        messages.hold(message_id=self.held.pk, by=self.curator, why=f"So {MARK}.")
        again = {"text": f"{SAID}, written once more.", "context": ""}
        amend = url("amend", self.answer.pk)
        assert self.client.post(amend, again).status_code == 302
        lookalikes.catch_up()
        rechecks.note_new(is_thorough=True)
        rechecks.catch_up(at_most=1000, seconds=20)

    def _prompt(self):
        return MessageFactory(conversation__dataset=self.dataset, accepted=True)

    def talk(self):
        about = self.question.address
        for who, said in ((self.client, SAID), (self.others, f"@{NAME} said so.")):
            sent = who.post(url("comments", self.question.pk), {"text": said})
            assert sent.status_code == 302
        discussion.comment(
            message_id=self.prompt.pk, by=self.other, text=f"Which {MARK}, and why?"
        )
        # Without an @: the name in passing.
        discussion.comment(
            message_id=self.question.pk, by=self.other, text=f"Ask {NAME.upper()} of it."
        )
        flag = {"message": about, "reason": "other", "note": f"Not {MARK} enough"}
        assert self.client.post(url("flag"), flag).status_code == 302
        flag = {"message": self.prompt.address, "reason": "other", "note": f"{EMAIL}!"}
        assert self.others.post(url("flag"), flag).status_code == 302
        saved = f"{url('view-save', self.dataset.slug)}?q={MARK}"
        for who in (self.client, self.others):
            sent = who.post(saved, {"name": f"By {NAME}"})
            assert sent.status_code == 302

    def judge(self):
        """Reviews and ballots by them; reviews, edits and known items of theirs."""
        theirs = ReplyFactory(parent=self.question, author=self.other)
        note = {"reason": "unclear", "note": f"Needs more {MARK}."}
        messages.review(message_id=theirs.pk, by=self.person, verdict="reject", **note)
        mine = ReplyFactory(parent=self.question, author=self.person, text=f"{SAID}?")
        messages.review(
            message_id=mine.pk, by=self.other, verdict="edit", edited_text=f"{SAID}."
        )
        bad = ReplyFactory(parent=self.question, author=self.person, text=f"{MARK}…")
        note = {"reason": "unclear", "note": f"As {EMAIL} always writes."}
        messages.review(message_id=bad.pk, by=self.other, verdict="reject", **note)
        known = ReplyFactory(parent=self.question, author=self.person, accepted=True,
                             text=f"{SAID} and nothing else.")  # fmt: skip
        review = Review.objects.create(message=known, reviewer=self.other, verdict="accept")
        assert review
        gold.make(message_id=known.pk, by=self.curator, verdict="accept",
                  why=f"It says {MARK}.")  # fmt: skip
        replies = [ReplyFactory(parent=self.prompt, author=self.other, accepted=True,
                                text=f"{text} of it all.") for text in "ab"]  # fmt: skip
        planned(self.prompt)
        for who in (self.client, self.others):
            slot = Assignment.objects.filter(kind="rank", state="open").first()
            if slot is not None and who is self.client:
                claimed = claim(who, kind="rank")
                if claimed is not None:
                    submit(who, claimed, outcome="cannot_judge", reason="other",
                           note=f"No {MARK}.")  # fmt: skip
        self.quoting = ReplyFactory(parent=replies[0], author=self.other, accepted=True,
                                    role="prompter",
                                    text=f"You say: {SAID}. Is it so?")  # fmt: skip
        self.quoted_once = ReplyFactory(parent=self.quoting, author=self.other,
                                        accepted=True, text="Yes.")  # fmt: skip
        self.direct = replies
        by_model = {"origin": "model", "author": None, "generator": "starter, run 9"}
        self.by_model = [
            ReplyFactory(parent=self.prompt, text=f"A {MARK}, you say?", **by_model),
            ReplyFactory(parent=self.quoting, text=f"I like the {MARK}.", **by_model),
        ]

    def curate(self):
        allotments.allot(dataset=self.dataset, person=self.person, by=self.curator,
                         kind="review", wanted=1, note=f"For {NAME}")  # fmt: skip
        moderation.take(message_id=self.prompt.pk, by=self.curator)
        moderation.decide(message_id=self.prompt.pk, by=self.curator, action="keep",
                          note=f"{NAME} may say so.")  # fmt: skip
        Membership.objects.create(
            dataset=self.dataset, contributor=self.person, role="curator"
        )
        theirs = ReplyFactory(parent=self.question, author=self.other)
        messages.hold(message_id=theirs.pk, by=self.person, why=f"Hardly a {MARK}.")
        self.client.post(
            url("person", self.dataset.slug, self.other.pk), {"reason": f"So {MARK}"}
        )
        self.client.post(url("flags", self.dataset.slug) + f"?q={MARK}", {"action": "take"})
        kinds = ContentType.objects.get_for_model
        for kind, pk in (("contributor", self.person.pk), ("membership", 1)):
            LogEntry.objects.create(
                user=self.curator,
                content_type=kinds(Contributor if kind == "contributor" else Membership),
                object_id=str(pk),
                object_repr=NAME,
                action_flag=CHANGE,
                change_message=f"Changed {EMAIL}",
            )

    def freeze(self, tmp_path):
        admin = ContributorFactory(is_staff=True)
        held_out = MessageFactory(
            conversation__dataset=self.dataset, conversation__split="held_out",
            accepted=True, author=self.person, text=f"Kept aside: {SAID}",
        )  # fmt: skip
        self.direct.append(ReplyFactory(parent=held_out, author=self.other, accepted=True))
        recipe = {"pairs": "all", "edits": True, "with_models": True}
        self.version = versions.freeze(dataset_id=self.dataset.pk, by=admin, recipe=recipe)
        handoff.files(self.version.pk)
        export = exports.make(version=self.version, made_for=f"For {NAME}", by=admin)
        assert MARK.encode() in b"".join(renaming.pseudonymous(export, "train"))
        base = BaseModel.objects.create(
            name="Base", slug="base", kind="local", location="/no", state="ready"
        )
        run = runs.request(version_id=self.version.pk, base_id=base.pk, by=admin,
                           config=RunConfig(steps=10).as_json())  # fmt: skip
        folder = Path(settings.RUNS_DIR) / str(run.pk)
        (folder / "samples").mkdir(parents=True)
        (folder / "prompts.jsonl").write_text(held_out.text)
        (folder / "samples" / "samples.jsonl").write_text(held_out.text)
        Sample.objects.create(run=run, position=0, prompt_uid=held_out.uid,
                              prompt_text=held_out.text, tuned_text=f"My {MARK}!",
                              base_text=f"A {MARK}?")  # fmt: skip
        talk = Talk.objects.create(owner=self.person, version=self.version)
        turn = talk.turns.create(number=1, key=uuid.uuid4(), text=f"Do you know {SAID}?",
                                 temperature=0, max_new_tokens=9, seed=1)  # fmt: skip
        voice = talk.voices.create(place=0, base=base)
        turn.answers.create(voice=voice, text=f"Yes, {SAID}.", state="done")
        signed = "starter, run 9"
        intake.report_model(version_id=self.version.pk, source="run-9", name=signed,
                            generator=signed, owner_id=admin.pk)  # fmt: skip
        # By programs: the record to move, and the set for work elsewhere. Both are files
        # of whoever asks for them, so they are not under the state folder.
        call_command("export_record", self.dataset.slug, str(tmp_path / "record.jsonl"),
                     "--by", admin.email)  # fmt: skip
        left = Path(settings.VERSIONS_DIR) / ".writing-left"
        left.mkdir()
        (left / "train.jsonl").write_text(SAID)
        for path in (left / "train.jsonl", left):
            os.utime(path, (0, 0))  # since long ago

    def take_back(self):
        withdrawals.take_back(message_id=self.held.pk, by=self.person)
        assert self.client.post(url("erase-me")).status_code == 302

    def look(self):
        """Pages that show them, so that whatever caches has something to keep."""
        for name in ("me", "work", "notifications", "leaderboard", "consents"):
            self.client.get(url(name))
        for name in ("dataset", "browse", "versions", "people", "agreement", "duplicates"):
            self.curators.get(url(name, self.dataset.slug) + f"?q={MARK}")
