"""The guides of docs/deploy: manifests that a cluster takes, and names that there are."""

from __future__ import annotations

import re

import kubernetes_validate
import pytest
import yaml
from django.conf import settings

from config.places import ROOT
from curation.health.probes import PROBES

FOLDER = ROOT / "docs" / "deploy" / "kubernetes"
KUBERNETES = "1.34"
OPERATORS = (ROOT / "docs" / "operators.md").read_text()
DOCKERFILE = (ROOT / "Dockerfile").read_text()
ENVIRONMENT = re.compile(r"\b(?:WINNOW|AWS|OTEL)_[A-Z0-9_]+\b")


def documents():
    for path in sorted(FOLDER.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            yield pytest.param(document, id=f"{path.stem}-{document['kind']}")


def pods():
    for found in documents():
        (document,) = found.values
        if document["kind"] in ("Deployment", "Job"):
            name = document["metadata"]["name"]
            yield pytest.param(document["spec"]["template"]["spec"], id=name)


ALL, PODS = list(documents()), list(pods())


@pytest.mark.parametrize("document", ALL)
def test_a_cluster_takes_it(document):
    if document["kind"] != "Kustomization":
        kubernetes_validate.validate(document, KUBERNETES, strict=True)


def test_every_file_is_in_the_list():
    listed = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())
    there = {path.name for path in FOLDER.glob("*.yaml")}

    assert {*listed["resources"], "kustomization.yaml"} == there
    targets = set(re.findall(r"^FROM .* AS (\S+)", DOCKERFILE, re.MULTILINE))
    assert {one["name"].removeprefix("winnow-") for one in listed["images"]} <= targets


def test_every_setting_that_they_name_is_one():
    texts = [path.read_text() for path in FOLDER.glob("*.yaml")]
    texts.append((ROOT / "docker-compose.yml").read_text())
    texts += [path.read_text() for path in FOLDER.parent.rglob("*.md")]
    named = set(ENVIRONMENT.findall("".join(texts)))
    short = {
        name if "EMAIL" not in name else f"_{name.rpartition('_')[2]}" for name in named
    }

    assert "WINNOW_SECRET_KEY" in named
    assert [name for name in sorted(short) if name not in OPERATORS] == []


def test_one_machine_passes_every_setting_on_and_images_can_be_watched():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    ours = {n: s for n, s in services.items() if s.get("image", "").startswith("winnow")}
    assert "web" in ours and "migrate" in ours
    for service in ours.values():
        assert service["env_file"] == [{"path": ".env", "required": False}]
    for name in ("requirements-web.lock", "requirements.lock"):
        pins = (ROOT / name).read_text()
        assert "sentry-sdk==" in pins and "opentelemetry-sdk==" in pins


@pytest.mark.parametrize("pod", PODS)
def test_a_pod_may_do_no_more_than_it_must(pod):
    (container,) = pod["containers"]
    user = re.search(r"--uid (\d+)", DOCKERFILE)

    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["runAsUser"] == int(user[1])
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["resources"]["limits"]["memory"]
    places = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert {"/tmp", "/var/lib/winnow"} <= places
    assert {m["name"] for m in container["volumeMounts"]} == {
        volume["name"] for volume in pod["volumes"]
    }


@pytest.mark.parametrize("pod", PODS)
def test_secrets_are_references(pod):
    for variable in pod["containers"][0]["env"]:
        is_secret = re.search("SECRET|PASSWORD|TOKEN|KEY|_URL", variable["name"])
        assert bool(is_secret) <= ("secretKeyRef" in variable.get("valueFrom", {})), (
            variable
        )


@pytest.mark.parametrize("pod", PODS)
def test_gpus_are_for_trainers_alone(pod):
    (container,) = pod["containers"]
    is_trainer = container["image"] == "winnow-gpu-worker"

    assert ("nvidia.com/gpu" in container["resources"]["limits"]) == is_trainer
    assert ("tolerations" in pod) == ("nodeSelector" in pod) == is_trainer


def test_they_ask_for_queues_probes_and_ports_that_there_are():
    queues, paths, ports = set(), set(), set()
    for found in PODS:
        (container,) = found.values[0]["containers"]
        told = " ".join(container.get("command", [])) or DOCKERFILE
        queues |= set(re.findall(r"-Q (\w+)|\"-Q\", \"(\w+)\"", told))
        ports |= {port["containerPort"] for port in container.get("ports", [])}
        paths |= {
            container[probe]["httpGet"]["path"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe")
            if "httpGet" in container.get(probe, {})
        }
    known = {settings.CELERY_TASK_DEFAULT_QUEUE, "gpu"}

    assert {name for pair in queues for name in pair if name} == known
    assert known >= {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    assert paths == {"/healthz", "/readyz"} <= PROBES.keys()
    assert [str(port) for port in ports] == re.findall(r"EXPOSE (\d+)", DOCKERFILE)
