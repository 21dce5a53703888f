"""A version as Croissant 1.1: JSON-LD that machines find and load datasets by."""

from __future__ import annotations

from typing import Any

from curation.formats.consent_summary import consent_sentences
from curation.formats.datasheet import personal_data
from curation.formats.facts import Facts, File, counted

# As mlcroissant writes it. The one in the specification has a trailing comma and http.
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "description": {"@container": "@language"},
    "name": {"@container": "@language"},
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "arrayShape", "citeAs", "column", "containedIn", "equivalentProperty",
            "extract", "field", "fileObject", "fileProperty", "fileSet", "format",
            "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5",
            "parentField", "path", "recordSet", "references", "regex", "repeated",
            "replace", "samplingRate", "separator", "source", "subField", "transform",
        )
    },
}  # fmt: skip
FORMATS = {
    "jsonl": "application/jsonlines",
    "parquet": "application/x-parquet",  # what mlcroissant knows; no other name
    "json": "application/json",
}
# Of a line of train.jsonl and held_out.jsonl.
FIELDS = {
    "id": ("sc:Text", "The opaque id of the answer."),
    "prompt_id": ("sc:Text", "The opaque id of what it answers."),
    "conversation": ("sc:Text", "The tree that both stand in."),
    "category": ("sc:Text", "The kind of task."),
    "language": ("sc:Text", "The language of the answer."),
    "origin": ("sc:Text", "person, model or import."),
    "rank": ("sc:Integer", "0 is best; empty where nobody ranked."),
}
# Lists of chat messages, of which a reader gets the words.
CHATS = {
    "prompt": "The turns before, user and assistant by turns, user first.",
    "completion": "The answer, one turn.",
}
LICENCES = "https://spdx.org/licenses"


def croissant(facts: Facts) -> dict[str, Any]:
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [
            "http://mlcommons.org/croissant/1.1",
            "http://mlcommons.org/croissant/RAI/1.0",
        ],
        "name": facts.slug,
        "description": facts.description or facts.title,
        "alternateName": facts.title,
        "citeAs": f"{facts.name}, {facts.frozen_on}, sha256:{facts.digest}",
        "url": facts.address,
        "version": f"{facts.number}.0.0",
        "datePublished": facts.frozen_on,
        "license": _licence(facts.licence),
        "inLanguage": sorted(facts.languages),
        "keywords": ["instruction tuning", *(name for name in facts.categories if name)],
        "identifier": f"sha256:{facts.digest}",
        "isLiveDataset": False,
        **_responsible(facts),
        "distribution": [_file(facts, file) for file in facts.files],
        "recordSet": [
            _records(split)
            for split, count in (("train", facts.train), ("held_out", facts.held_out))
            if count
        ],
    }


def _licence(name: str) -> str:
    return name if name.startswith("LicenseRef-") else f"{LICENCES}/{name}.html"


def _responsible(facts: Facts) -> dict[str, Any]:
    """Of the RAI vocabulary: how it was made, and what its writers agreed to."""
    guided = ", ".join(f"{g.number} ({counted(g.texts, 'text')})" for g in facts.guidelines)
    return {
        "rai:dataCollection": (
            f"{counted(facts.writers, 'person', 'people')} wrote "
            f"{counted(facts.origins.get('person', 0), 'text')}; "
            f"{facts.origins.get('model', 0):,} by models, "
            f"{facts.origins.get('import', 0):,} imported."
        ),
        "rai:dataAnnotationProtocol": (
            f"Reviewed until {facts.approvals_needed} of {facts.reviews_wanted} accept. "
            f"{counted(facts.rankings_wanted, 'blind ranking')} per prompt. Versions of "
            f"the guideline: {guided or 'none'}."
        ),
        "rai:annotationsPerItem": (
            f"{counted(facts.reviews, 'review')} and "
            f"{counted(facts.ballots, 'ranking')} in all"
        ),
        "rai:dataAnnotationPlatform": "Winnow",
        "rai:personalSensitiveInformation": " ".join(
            [personal_data(facts), *consent_sentences(facts)]
        ),
    }


def _file(facts: Facts, file: File) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": file.name,
        "name": file.name,
        "contentUrl": file.name,
        "contentSize": f"{file.size} B",
        "encodingFormat": FORMATS[file.name.rpartition(".")[2]],
        "sha256": file.sha256,
    }


def _records(split: str) -> dict[str, Any]:
    scalars = [
        _field(split, name, kind, description)
        for name, (kind, description) in FIELDS.items()
    ]
    chats = [
        _field(split, name, "sc:Text", description, transform={"jsonPath": "content"})
        | {"isArray": True, "arrayShape": "-1"}
        for name, description in CHATS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": split,
        "name": split,
        "description": f"The examples of {split}.jsonl.",
        "key": {"@id": f"{split}/id"},
        "field": scalars + chats,
    }


def _field(
    split: str, name: str, kind: str, description: str, **source: Any
) -> dict[str, Any]:
    return {
        "@type": "cr:Field",
        "@id": f"{split}/{name}",
        "name": name,
        "description": description,
        "dataType": kind,
        "source": {
            "fileObject": {"@id": f"{split}.jsonl"},
            "extract": {"column": name},
            **source,
        },
    }
