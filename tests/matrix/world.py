"""A dataset with one of everything in it, and everybody who may look at it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from pathlib import Path

from django.contrib.auth.hashers import make_password
from django.utils.timezone import now

from annotate.models import Allotment, Assignment, Draft, Skip, Submission
from curation.actions import (
    freezing,
    gold,
    gold_rankings,
    hooks,
    invitations,
    suspensions,
    tokens,
    versions,
)
from curation.models import (
    Archiving,
    Category,
    Comment,
    Conversation,
    Decision,
    Delivery,
    EvaluationSet,
    Export,
    Extract,
    GroupRole,
    Guideline,
    IdentityProvider,
    Import,
    Membership,
    Message,
    ModelReport,
    SavedView,
    SecondLook,
    Withdrawal,
)
from tests.factories import ContributorFactory, DatasetFactory, MessageFactory, ReplyFactory
from tests.identity import Provider
from trainer.models import (
    BaseModel,
    Benchmark,
    Contest,
    Job,
    Removal,
    Run,
    Schedule,
    Talk,
    TalkAnswer,
    TalkTurn,
    TalkVoice,
)


class World:
    """Each attribute is one thing, by the name that the rows use. What is somebody's own
    belongs to the writer, or to the reviewer where it is about judging."""

    def __init__(self, runs: Path) -> None:
        self.runs = runs
        self.dataset = DatasetFactory(slug="ours", title="Ours", policy__gold_every=5)
        self.slug = self.dataset.slug
        self._people()
        self._programs()
        self._texts()
        self._providers()
        self._versions()
        self._work()
        self._models()

    def _people(self) -> None:
        def of(name, *roles, dataset=self.dataset, **fields):
            return ContributorFactory(
                email=f"{name}@example.org",
                name=name.title(),
                member=dataset if roles else None,
                member__roles=roles,
                password=make_password("a long password"),
                **fields,
            )

        theirs = DatasetFactory(slug="theirs", title="Theirs")
        self.people = {
            "stranger": of("stranger"),
            "viewer": of("viewer", "viewer"),
            "writer": of("writer", "writer"),
            "reviewer": of("reviewer", "reviewer"),
            "curator": of("curator", "curator"),
            "elsewhere": of("elsewhere", "curator", dataset=theirs),
            "admin": of("admin", is_staff=True, is_superuser=True),
            "paused": of("paused", "writer", "reviewer"),
            "closed": of("closed", "curator"),
        }
        self.writer, self.reviewer = self.people["writer"], self.people["reviewer"]
        self.curator, self.stranger = self.people["curator"], self.people["stranger"]
        self.suspension = suspensions.suspend(
            person_id=self.people["paused"].pk,
            dataset=self.dataset,
            reason="Too fast.",
            by=self.curator,
        ).pk
        self.paused = Membership.objects.filter(contributor=self.people["paused"])[0].pk
        self.membership = Membership.objects.get(contributor=self.writer).pk
        self.stranger_id, self.reviewer_id = self.stranger.pk, self.reviewer.pk

    def _programs(self) -> None:
        admin = self.people["admin"]
        told = {"name": "Bot", "url": "http://127.0.0.1:1/", "wants": ["run.finished"]}
        hook = hooks.add(dataset=self.dataset, by=self.curator, **told)[0]
        self.hook = hook.pk
        self.site_hook = hooks.add(dataset=None, by=admin, **told)[0].pk
        sent = Delivery.objects.create(hook=hook, kind="ping")
        self.delivery, self.delivery_uid = sent.pk, sent.uid

    def _texts(self) -> None:
        self.kind = Category.objects.create(
            dataset=self.dataset, slug="qa", name="Questions", target=10
        )
        self.category = self.kind.pk
        prompt = MessageFactory(
            accepted=True,
            author=self.writer,
            conversation__dataset=self.dataset,
            conversation__category=self.kind,
        )
        answers = [
            ReplyFactory(parent=prompt, accepted=True, author=self.writer) for _ in range(2)
        ]
        self.conversation, self.prompt = prompt.conversation_id, prompt.pk
        self.message, self.answer = answers[0], answers[0].pk
        self.text = answers[0].address
        self.ranked = [one.pk for one in answers]
        known = MessageFactory(accepted=True, conversation__dataset=self.dataset)
        more = [ReplyFactory(parent=known, accepted=True) for _ in range(2)]
        placed = {one.pk: place for place, one in enumerate(more, 1)}
        facts = {"by": self.curator, "why": "It is plain."}
        self.gold = gold.make(message_id=more[0].pk, verdict="accept", **facts).pk
        self.gold_ranking = gold_rankings.make(
            prompt_id=known.pk, placed=placed, **facts
        ).pk
        self.held = ReplyFactory(
            parent=prompt,
            author=self.writer,
            state="held",
            why="It names a person.",
            decided_at=now(),
        ).pk
        self.held_text = Message.objects.get(pk=self.held).address
        self.comment = Comment.objects.create(
            message=answers[0], author=self.writer, text="Mine."
        ).pk
        self.decision = Decision.objects.create(
            dataset=self.dataset, message=answers[1], action="keep", by=self.curator
        ).pk
        self.look = SecondLook.objects.create(
            dataset=self.dataset,
            newest=Guideline.objects.get(dataset=self.dataset),
            asked_by=self.curator,
        ).pk
        self.view = SavedView.objects.create(
            dataset=self.dataset, owner=self.writer, name="Mine", query="q=what"
        ).pk
        made, self.invited = invitations.invite(
            by=self.curator, dataset=self.dataset, roles=["viewer", "writer"], uses=9
        )
        self.invitation = made.pk
        self.imported = Import.objects.create(
            dataset=self.dataset, asked_by=self.curator, file_name="a.jsonl", size=1,
            kind="jsonl",
        ).pk  # fmt: skip
        self.archive = Archiving.objects.create(
            dataset=self.dataset, asked_by=self.curator, state="done", digest="0" * 64,
            ended_at=now(),
        ).pk  # fmt: skip
        self.extract = Extract.objects.create(
            dataset=self.dataset, asked_by=self.curator, format="dolly", kind="jsonl",
            pairs="all",
        ).pk  # fmt: skip
        self.withdrawal = Withdrawal.objects.create(
            person=self.writer,
            asked_by=self.writer,
            message=answers[1],
            state="finished",
            finished_at=now(),
        ).pk
        self.token = tokens.issue(by=self.writer, name="Mine", scopes=["read"], days=7)[
            0
        ].pk
        self.evaluation_set = EvaluationSet.objects.create(
            name="Set", items=1, packed=b"", fingerprint="", added_by=self.people["admin"]
        ).pk

    def _providers(self) -> None:
        made = IdentityProvider.objects.create
        nowhere = "http://127.0.0.1:9"  # nobody listens there
        oidc = made(kind="oidc", slug="oidc", name="O", is_on=True, server=nowhere)
        saml = made(kind="saml", slug="saml-idp", name="S", is_on=True,
                    metadata=Provider(nowhere).metadata())  # fmt: skip
        self.oidc, self.saml, self.provider = oidc.slug, saml.slug, oidc.pk
        self.group_rule = GroupRole.objects.create(
            provider=oidc, group="writers", dataset=self.dataset, role="writer"
        ).pk

    def _versions(self) -> None:
        first = versions.freeze(dataset_id=self.dataset.pk, by=self.curator)
        for split in (Conversation.Split.TRAIN, Conversation.Split.HELD_OUT):
            prompt = MessageFactory(
                accepted=True,
                conversation__dataset=self.dataset,
                conversation__category=self.kind,
                conversation__split=split,
            )
            ReplyFactory(parent=prompt, accepted=True)
        self.frozen = versions.freeze(dataset_id=self.dataset.pk, by=self.curator)
        self.number, self.before = self.frozen.number, first.number
        self.digest = self.frozen.digest
        self.export = Export.objects.create(
            version=self.frozen, made_for="Partner", made_by=self.curator
        ).pk
        self.report = ModelReport.objects.create(
            version=self.frozen, source="elsewhere-1", name="Model", generator="model-1"
        ).pk
        self.freezing = freezing.ask(
            dataset_id=self.dataset.pk, by=self.curator, recipe={}
        ).pk

    def _work(self) -> None:
        def leased(person, kind, **fields):
            return Assignment.objects.create(
                kind=kind,
                dataset=self.dataset,
                category=self.kind,
                number=1,
                language="en",
                state="leased",
                person=person,
                lease_until=now() + timedelta(hours=1),
                **fields,
            )

        self.slot = leased(self.reviewer, "review", message_id=self.answer).pk
        self.task = Assignment.objects.get(pk=self.slot).address
        self.ranking = leased(
            self.reviewer, "rank", message_id=self.prompt, shown=self.ranked
        ).pk
        self.writing = leased(self.writer, "write_prompt")
        self.writing_id = self.writing.pk
        self.draft = Draft.objects.create(
            person=self.writer, assignment=self.writing, fields={"text": "Half a question"}
        ).pk
        done = leased(self.reviewer, "review", message_id=self.ranked[1])
        self.submission = uuid.uuid4()
        Submission.objects.create(
            key=self.submission,
            person=self.reviewer,
            assignment=done,
            fingerprint="",
            undone_at=now(),
        )
        self.skip = Skip.objects.create(
            person=self.reviewer, kind="review", message_id=self.ranked[1]
        ).pk
        self.allotment = Allotment.objects.create(
            dataset=self.dataset,
            person=self.reviewer,
            kind="review",
            wanted=1,
            made_by=self.curator,
        ).pk

    def _models(self) -> None:
        base = BaseModel.objects.create(
            name="Base", slug="base", kind="local", location="/nowhere", state="ready"
        )
        usual = {"version": self.frozen, "base": base, "requested_by": self.curator}
        ended = {"state": "finished", "finished_at": now()}

        def run(**fields):
            return Run.objects.create(
                **usual, **fields, version_digest=self.digest, config={"steps": 1}
            )

        done = run(**ended, adapter_sha256="ab" * 32)
        queued, judge = run(), run(**ended, adapter_sha256="cd" * 32, method="reward")
        self.judge = judge.pk
        job = Job.objects.create(**usual, kind="score", key="a", run=done)
        export = Job.objects.create(
            **usual,
            **ended,
            kind="export",
            key="b",
            run=done,
            result={"files": ["model.safetensors"]},
        )
        for folder in (str(done.pk), f"job-{job.pk}"):
            (self.runs / folder).mkdir()
            (self.runs / folder / "log.txt").write_text("…")
        (self.runs / str(done.pk) / "adapter").mkdir()
        for name in ("adapter_config.json", "adapter_model.safetensors"):
            (self.runs / str(done.pk) / "adapter" / name).write_text("{}")
        made = self.runs / f"job-{export.pk}" / "export"
        made.mkdir(parents=True)
        (made / "model.safetensors").write_text("{}")
        self.run, self.queued, self.job, self.export_job = (
            done.pk, queued.pk, job.pk, export.pk,
        )  # fmt: skip
        self.base, self.base_kept = base.pk, base
        self.contest = Contest.objects.create(
            version=self.frozen, base=base, left=done, created_by=self.curator
        ).pk
        self.benchmark = Benchmark.objects.create(
            dataset=self.dataset, name="Sums", questions=1, with_options=0, packed=b"",
            digest="ab" * 32, added_by=self.curator,
        ).pk  # fmt: skip
        self.removal = Removal.objects.create(run=done, texts=1, asked_by=self.curator).pk
        self.schedule = Schedule.objects.create(
            name="Nightly", dataset=self.dataset, owner=self.curator, base=base,
            due_at=now() + timedelta(days=1),
        ).pk  # fmt: skip
        talk = Talk.objects.create(owner=self.curator, version=self.frozen, job=job)
        voice = TalkVoice.objects.create(talk=talk, place=0, base=base, run=done)
        turn = TalkTurn.objects.create(
            talk=talk, number=1, key=uuid.uuid4(), text="Hello?", temperature=0,
            max_new_tokens=8, seed=1,
        )  # fmt: skip
        said = TalkAnswer.objects.create(turn=turn, voice=voice, state="done", text="Yes.")
        self.talk, self.talk_answer = talk.pk, said.pk
