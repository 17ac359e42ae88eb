"""Dockerfile, compose.yaml and the Kubernetes manifests: nothing in them that the code does not know.

They were checked without a container engine or a cluster; docs/running.md says so.
"""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from bot.web.aiohttp_health import health_routes
from desk.roles import ROLES
from wire.settings import Settings

ROOT = Path(__file__).parents[3]
MANIFESTS = ROOT / "manifests"
KUBERNETES = MANIFESTS / "kubernetes"
PAGE = ROOT / "docs" / "running.md"
DOCKERFILE = (ROOT / "Dockerfile").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
COMPOSE = yaml.safe_load((MANIFESTS / "compose.yaml").read_text())
KUSTOMIZATION = yaml.safe_load((KUBERNETES / "kustomization.yaml").read_text())
OURS = ("bot", "worker", "worker-postgres")
HEALTH = {route.path for route in health_routes({})}
SETTINGS = {name.upper() for name in Settings.model_fields}
PORTS = {"bot": 8080, "worker": 8081}


def setting(name: str) -> str:
    return name.removesuffix("_FILE")


# -- the image


def test_the_image_holds_every_package_and_what_installing_needs() -> None:
    copied = set(re.findall(r"^COPY (\w+) \w+$", DOCKERFILE, re.MULTILINE))
    packages = {each.rstrip("*") for each in PROJECT["tool"]["setuptools"]["packages"]["find"]["include"]}
    assert copied == packages
    ignored = (ROOT / ".dockerignore").read_text().splitlines()
    for needed in (*packages, "requirements/run.txt", "pyproject.toml", "README.md", "LICENSE"):
        assert f"!{needed}" in ignored
        assert needed in DOCKERFILE


def test_the_image_installs_as_make_does_and_runs_as_nobody() -> None:
    assert "--require-hashes -r requirements/run.txt" in DOCKERFILE
    assert "--no-deps --no-build-isolation ." in DOCKERFILE
    stages = re.findall(r"^FROM python:(\S+)-slim", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert {f">={version}" for version in stages} == {PROJECT["project"]["requires-python"]}
    assert "USER 10001:10001" in DOCKERFILE.split("FROM")[-1]


def test_the_images_settings_exist() -> None:
    (block,) = re.findall(r"^ENV (.*?)\n[A-Z]", DOCKERFILE, re.MULTILINE | re.DOTALL)
    names = set(re.findall(r"(\w+)=", block)) - {"PATH", "PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED"}
    assert names <= SETTINGS


# -- compose


def test_compose_sets_only_what_is_a_setting_and_gives_every_secret_that_it_names() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        for variable, value in service["environment"].items():
            assert setting(variable) in SETTINGS
            if variable.endswith("_FILE"):
                assert Path(value).name in service["secrets"]
    used = {secret for service in COMPOSE["services"].values() for secret in service.get("secrets", ())}
    assert used == set(COMPOSE["secrets"])
    told = (MANIFESTS / "compose.yaml").read_text().split("name: answerdesk")[0]
    assert set(re.findall(r"\b[a-z]+(?:_[a-z]+)+\b", told)) >= used


def test_compose_runs_our_roles_locked_down_and_looks_at_pages_that_are_there() -> None:
    for name in OURS:
        service = COMPOSE["services"][name]
        assert service["command"][0] in ROLES
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        ((port, path),) = re.findall(r"127\.0\.0\.1:(\d+)(/\w+)", service["healthcheck"]["test"][-1])
        assert path in HEALTH
        assert int(port) == PORTS[service["command"][0]]


def test_what_compose_mounts_is_there_and_every_volume_and_network_is_declared() -> None:
    for name, service in COMPOSE["services"].items():
        for mount in service.get("volumes", ()):
            source = mount.split(":")[0]
            if source.startswith("./"):
                assert (MANIFESTS / source).exists(), source
            else:
                assert source in COMPOSE["volumes"], source
        assert set(service["networks"]) <= set(COMPOSE["networks"])
        assert set(service.get("depends_on", ())) <= set(COMPOSE["services"])
        assert ":" in service["image"] or name in OURS, "others' images have a version"


def test_prometheus_asks_where_the_services_listen() -> None:
    config = yaml.safe_load((MANIFESTS / "prometheus" / "prometheus.yml").read_text())
    (job,) = config["scrape_configs"]
    asked = {name: each["port"] for each in job["dns_sd_configs"] for name in each["names"]}
    assert asked == {name: PORTS[COMPOSE["services"][name]["command"][0]] for name in OURS}
    secrets = COMPOSE["services"]["prometheus"]["secrets"]
    assert Path(job["authorization"]["credentials_file"]).name in secrets


# -- Kubernetes


def resources() -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{name}: {each['kind']} {each['metadata']['name']}", each)
        for name in KUSTOMIZATION["resources"]
        for each in yaml.safe_load_all((KUBERNETES / name).read_text())
    ]


RESOURCES = [pytest.param(each, id=name) for name, each in resources()]
DEPLOYMENTS = [each for _, each in resources() if each["kind"] == "Deployment"]


@pytest.mark.parametrize("resource", RESOURCES)
def test_each_resource_is_one_as_kubernetes_takes_it(resource: dict[str, Any]) -> None:
    kubernetes_validate.validate(resource, kubernetes_validate.latest_version(), strict=True)


def test_every_file_is_a_resource_of_the_kustomization() -> None:
    files = {file.name for file in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert files == set(KUSTOMIZATION["resources"])
    (image,) = KUSTOMIZATION["images"]
    assert image["newTag"] == PROJECT["project"]["version"]


def configured() -> dict[str, str]:
    (config,) = KUSTOMIZATION["configMapGenerator"]
    return dict(line.split("=", 1) for line in config["literals"])


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["metadata"]["name"])
def test_a_deployment_sets_what_is_a_setting_and_mounts_every_secret_that_it_names(
    deployment: dict[str, Any],
) -> None:
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    variables = configured() | {each["name"]: each["value"] for each in container.get("env", ())}
    (mounted,) = [volume for volume in pod["volumes"] if "secret" in volume]
    files = {item["path"] for item in mounted["secret"]["items"]}
    named = {Path(value).name for name, value in variables.items() if name.endswith("_FILE")}
    assert {setting(name) for name in variables} <= SETTINGS
    assert named == files
    for need in ROLES["worker" if "worker" in container["args"] else "bot"].needs:
        assert f"{need.upper()}_FILE" in variables
    assert all(f"`{key}`" in PAGE.read_text() for key in files)


@pytest.mark.parametrize("deployment", DEPLOYMENTS, ids=lambda each: each["metadata"]["name"])
def test_a_deployment_is_locked_down_probed_where_it_listens_and_replaced_one_by_one(
    deployment: dict[str, Any],
) -> None:
    template = deployment["spec"]["template"]
    pod, labels = template["spec"], template["metadata"]["labels"]
    (container,) = pod["containers"]
    role = container["args"][0]
    assert role in ROLES
    assert [port["containerPort"] for port in container["ports"]] == [PORTS[role]]
    assert configured()["HTTP_PORT" if role == "bot" else "WORKER_HTTP_PORT"] == str(PORTS[role])
    probes = {container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("startup", "liveness", "readiness")}
    assert probes == HEALTH
    assert deployment["spec"]["replicas"] >= 2
    assert deployment["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert f"USER {pod['securityContext']['runAsUser']}:" in DOCKERFILE
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert deployment["spec"]["selector"]["matchLabels"] == labels
    name = deployment["metadata"]["name"]
    budgets = [each for _, each in resources() if each["kind"] == "PodDisruptionBudget"]
    assert any(each["spec"]["selector"]["matchLabels"] == labels for each in budgets), name


def test_autoscaling_follows_a_metric_that_there_is() -> None:
    scalers = [each for _, each in resources() if each["kind"] == "HorizontalPodAutoscaler"]
    names = {each["metadata"]["name"] for each in DEPLOYMENTS}
    assert {each["spec"]["scaleTargetRef"]["name"] for each in scalers} <= names
    metrics = [metric for each in scalers for metric in each["spec"]["metrics"]]
    external = {metric["external"]["metric"]["name"] for metric in metrics if metric["type"] == "External"}
    told = (ROOT / "docs" / "operations.md").read_text()
    assert all(f"`{name}`" in told for name in external)
    assert all(name in PAGE.read_text() for name in external)


def test_whoever_is_talked_to_is_let_in() -> None:
    """Each port that a policy lets us reach has a policy that lets us in, or is the internet's."""
    policies = {
        each["metadata"]["name"]: each["spec"] for _, each in resources() if each["kind"] == "NetworkPolicy"
    }
    for rule in policies["answerdesk"]["egress"]:
        for peer in rule["to"]:
            if "podSelector" in peer:
                (name,) = peer["podSelector"]["matchLabels"].values()
                assert policies[name]["ingress"]
    assert policies["nothing-by-default"]["podSelector"] == {}


def values() -> Iterator[Any]:
    for file in sorted((KUBERNETES / "values").glob("*.yaml")):
        # The NATS chart's own marks for what is no string.
        yield yaml.safe_load(re.sub(r"<< (.*?) >>", r'"\1"', file.read_text()))


def test_the_charts_secrets_are_told_of() -> None:
    keys = set(re.findall(r"'key': '([a-z-]+)'", str(list(values()))))
    assert keys == {"nats-password", "qdrant-api-key"}
    assert all(f"`{key}`" in PAGE.read_text() for key in keys)
