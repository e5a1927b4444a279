"""The Kubernetes manifests: they agree with the program, with the image and with each other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from service.app import create_app
from service.batches.worker_health import WorkerHealth
from service.cli.parser import make_parser
from service.config import PREFIX, Config

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/kubernetes"
Object = dict[str, Any]


def objects() -> dict[tuple[str, str], Object]:
    """What kustomize applies, by kind and name."""
    resources = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    found = [each for name in resources for each in yaml.safe_load_all((FOLDER / name).read_text())]
    by_name = {(each["kind"], each["metadata"]["name"]): each for each in found}
    assert len(by_name) == len(found)
    return by_name


DEPLOYMENTS = ("compliance-gateway", "compliance-gateway-worker")


def pod(name: str) -> Object:
    found: Object = objects()["Deployment", name]["spec"]["template"]
    return found


def container(name: str) -> Object:
    [found] = pod(name)["spec"]["containers"]
    result: Object = found
    return result


def settings(name: str) -> dict[str, object]:
    """The environment of a container, with what of it comes from a Secret."""
    of_all: dict[str, object] = dict(objects()["ConfigMap", "compliance-gateway"]["data"])
    return of_all | {each["name"]: each.get("value", each.get("valueFrom")) for each in container(name)["env"]}


def probes(name: str) -> Iterator[Object]:
    yield from (each for key, each in container(name).items() if key.endswith("Probe"))


def test_every_manifest_is_applied_or_is_a_file_for_something_else() -> None:
    resources = yaml.safe_load((FOLDER / "kustomization.yaml").read_text())["resources"]
    assert {path.name for path in FOLDER.iterdir()} == {*resources, "kustomization.yaml", "prometheus-adapter.yaml"}


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_the_command_is_one_of_ours(name: str) -> None:
    arguments = make_parser().parse_args(container(name)["args"])
    assert arguments.command == {"compliance-gateway": "serve"}.get(name, "worker")


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_every_setting_exists_and_can_be_what_it_is(name: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "url").write_text("postgresql://u:p@db/x")
    given = settings(name)
    assert all(each.removeprefix(PREFIX).lower() in Config.model_fields for each in given)
    for key, value in given.items():
        monkeypatch.setenv(key, value if isinstance(value, str) else "from-a-secret")
    monkeypatch.setenv("GATEWAY_DATABASE_URL_FILE", str(tmp_path / "url"))
    assert Config().database == "postgresql://u:p@db/x"


@pytest.mark.parametrize("name", DEPLOYMENTS)
async def test_every_probe_asks_a_route_that_there_is_on_the_port_that_is_listened_on(name: str) -> None:
    if name == "compliance-gateway":
        routes = {resource.canonical for resource in create_app(Config()).router.resources()}
    else:
        routes = {path for path, _ in WorkerHealth(lambda: True).routes}
    [port] = container(name)["ports"]
    assert str(port["containerPort"]) == settings(name)["GATEWAY_PORT"]
    paths = [probe["httpGet"]["path"] for probe in probes(name)]
    assert {"/health", "/health/ready"} == set(paths) <= routes
    assert container(name)["livenessProbe"]["httpGet"]["path"] == "/health"
    assert container(name)["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    assert all(probe["httpGet"]["port"] == port["name"] for probe in probes(name))
    scraped = pod(name)["metadata"]["annotations"]
    assert scraped["prometheus.io/path"] in routes
    assert scraped["prometheus.io/port"] == str(port["containerPort"])


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_containers_have_no_rights_that_they_do_not_need(name: str) -> None:
    of_pod, of_container = pod(name)["spec"]["securityContext"], container(name)["securityContext"]
    user = re.search(r"^USER (\d+):(\d+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert user is not None
    assert of_pod["runAsNonRoot"] is True
    assert (str(of_pod["runAsUser"]), str(of_pod["runAsGroup"])) == user.groups()
    assert of_container == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod(name)["spec"]["automountServiceAccountToken"] is False


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_what_is_written_to_is_a_volume_and_every_volume_is_mounted(name: str) -> None:
    mounts = {each["name"]: each["mountPath"] for each in container(name)["volumeMounts"]}
    volumes = {each["name"]: each for each in pod(name)["spec"]["volumes"]}
    assert mounts.keys() == volumes.keys()
    data_dir = re.search(r"GATEWAY_DATA_DIR=(\S+)", (ROOT / "Dockerfile").read_text())
    assert data_dir is not None
    assert mounts["data"] == data_dir[1]
    assert mounts["tmp"] == "/tmp"
    assert all("emptyDir" in volumes[each] for each in ("data", "tmp"))
    [item] = volumes["database"]["secret"]["items"]
    assert settings(name)["GATEWAY_DATABASE_URL_FILE"] == f"{mounts['database']}/{item['path']}"


@pytest.mark.parametrize("name", DEPLOYMENTS)
def test_a_container_is_ended_later_than_it_would_end_by_itself(name: str) -> None:
    assert pod(name)["spec"]["terminationGracePeriodSeconds"] > float(str(settings(name)["GATEWAY_SHUTDOWN_S"])) + 12
    assert "memory" in container(name)["resources"]["limits"]
    assert container(name)["resources"]["requests"].keys() == {"cpu", "memory"}


def test_selectors_find_the_pods_that_they_mean_and_no_others() -> None:
    pods = {name: pod(name)["metadata"]["labels"] for name in DEPLOYMENTS}
    found = {
        **{("Deployment", name): objects()["Deployment", name]["spec"]["selector"]["matchLabels"] for name in pods},
        **{
            ("PodDisruptionBudget", name): objects()["PodDisruptionBudget", name]["spec"]["selector"]["matchLabels"]
            for name in pods
        },
        ("Service", DEPLOYMENTS[0]): objects()["Service", DEPLOYMENTS[0]]["spec"]["selector"],
    }
    for (_, name), selector in found.items():
        assert [each for each, labels in pods.items() if selector.items() <= labels.items()] == [name]
    [port] = objects()["Service", DEPLOYMENTS[0]]["spec"]["ports"]
    assert port["targetPort"] == container(DEPLOYMENTS[0])["ports"][0]["name"]


def test_a_budget_lets_some_go_and_some_stay() -> None:
    gateway = objects()["PodDisruptionBudget", "compliance-gateway"]["spec"]
    assert gateway["minAvailable"] < objects()["Deployment", "compliance-gateway"]["spec"]["replicas"]
    assert objects()["PodDisruptionBudget", "compliance-gateway-worker"]["spec"]["maxUnavailable"] == 1


def test_workers_follow_a_metric_that_gateways_tell() -> None:
    scaler = objects()["HorizontalPodAutoscaler", "compliance-gateway-worker"]["spec"]
    target = scaler["scaleTargetRef"]
    assert (target["kind"], target["name"]) == ("Deployment", "compliance-gateway-worker")
    # Or each rollout would set the number back.
    assert "replicas" not in objects()["Deployment", "compliance-gateway-worker"]["spec"]
    [metric] = scaler["metrics"]
    [rule] = yaml.safe_load((FOLDER / "prometheus-adapter.yaml").read_text())["rules"]["external"]
    assert metric["external"]["metric"]["name"] == rule["name"]["as"] == rule["seriesQuery"]
    assert f'"{rule["seriesQuery"]}"' in (ROOT / "service/figures/jobs.py").read_text()


def test_every_secret_is_the_one_that_people_are_told_to_make() -> None:
    told = (FOLDER / "kustomization.yaml").read_text()
    assert "kubectl create secret generic compliance-gateway" in told
    for name in DEPLOYMENTS:
        secret = [value["secretKeyRef"] for value in settings(name).values() if isinstance(value, dict)]
        assert secret
        assert all(each["name"] == "compliance-gateway" and each["optional"] for each in secret)
        assert next(each for each in pod(name)["spec"]["volumes"] if "secret" in each)["secret"]["secretName"] in told
