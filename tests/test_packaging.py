"""What the packaging files promise: pinned and hashed locks that name no host, an image that drops its rights, and a
compose file in which sample data and live data cannot change places."""

import json
import re
import shlex
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from compose_spec import PyOptions
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from service.config import Config
from service.server import LAST_BYTES_S
from tools.agency import AgencyTool
from tools.hts import HTSTool
from tools.http_client.manager import DRAIN_S
from tools.refusals import RefusalsTool
from tools.rulings import RulingsTool
from tools.sanctions import SanctionsTool

ROOT = Path(__file__).parents[1]
LOCKS = sorted((ROOT / "locks").iterdir())
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def requirements(lock: Path) -> dict[str, str]:
    """Each requirement of a lock file by its canonical name, as one line with its hashes and without comments."""
    lines = [line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").split("\n")
    return {canonicalize_name(line.split("==")[0]): line for line in joined if line.strip()}


def locked_versions(lock: Path) -> dict[str, Version]:
    return {name: Version(line.split()[0].split("==")[1]) for name, line in requirements(lock).items()}


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, as (name, arguments), continued lines joined."""
    lines = [line for line in (ROOT / "Dockerfile").read_text().splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").split("\n")
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in joined)]


def last_stage() -> dict[str, str]:
    """The instructions of the stage that ships; of those that stand there twice, the last."""
    found = instructions()
    start = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    return dict(found[start:])


def compose_services() -> dict[str, dict[str, Any]]:
    text = (ROOT / "docker-compose.yml").read_text()
    services: dict[str, dict[str, Any]] = PyOptions(apply_merge=True).from_yaml(text).to_dict()["services"]
    return services


def test_there_is_a_lock_for_building_running_and_developing() -> None:
    assert [lock.name for lock in LOCKS] == ["build.txt", "dev.txt", "run.txt"]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_requirement_is_pinned_and_hashed(lock: Path) -> None:
    lines = requirements(lock).values()
    assert len(lines) > 5
    for line in lines:
        assert re.fullmatch(r"\S+==\S+( ; [^\\]+?)?( +--hash=sha256:[0-9a-f]{64})+", line), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_name_no_host_no_option_and_no_path_of_a_machine(lock: Path) -> None:
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*--(?!hash=)|@ |file:", text, re.MULTILINE)
    assert not re.search(r"(^|\s)[/~]|[A-Z]:\\", text)
    assert not re.search(r"\b[\w-]+\.(org|com|net|io|dev)\b", text)


def test_the_locks_agree_on_every_version() -> None:
    everything = locked_versions(ROOT / "locks/dev.txt")
    for lock in LOCKS:
        assert locked_versions(lock).items() <= everything.items()


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("run.txt", PYPROJECT["project"]["dependencies"]),
        ("build.txt", PYPROJECT["dependency-groups"]["build"]),
        ("build.txt", PYPROJECT["build-system"]["requires"]),
        ("dev.txt", [line for line in PYPROJECT["dependency-groups"]["dev"] if isinstance(line, str)]),
    ],
)
def test_what_pyproject_asks_for_is_locked_within_its_range(lock: str, asked: list[str]) -> None:
    locked = locked_versions(ROOT / "locks" / lock)
    for requirement in map(Requirement, asked):
        assert locked[canonicalize_name(requirement.name)] in requirement.specifier


def test_the_image_is_built_in_two_stages_on_a_base_that_can_be_chosen() -> None:
    found = instructions()
    assert found[0][0] == "ARG"
    assert found[0][1].startswith("PYTHON_IMAGE=")
    assert [rest for name, rest in found if name == "FROM"] == ["${PYTHON_IMAGE} AS build", "${PYTHON_IMAGE}"]
    assert "RUN" not in last_stage()
    assert last_stage()["COPY"].startswith("--from=build ")


def test_the_image_installs_by_hash_only() -> None:
    runs = " && ".join(rest for name, rest in instructions() if name == "RUN")
    installs = [step for step in re.split(r"&&", runs) if re.search(r"\bpip\b.* install ", step)]
    assert len(installs) == 3
    for step in installs:
        assert "--require-hashes" in step or "--no-index --no-deps" in step
    assert "--no-build-isolation" in runs


def test_the_process_in_the_image_is_no_root_and_gets_the_signals() -> None:
    stage = last_stage()
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", stage["USER"])
    assert json.loads(stage["ENTRYPOINT"]) == list(PYPROJECT["project"]["scripts"])
    assert json.loads(stage["CMD"]) == ["serve"]
    assert stage["STOPSIGNAL"] == "SIGTERM"


def test_the_image_checks_its_health_with_what_it_has() -> None:
    options, _, command = last_stage()["HEALTHCHECK"].partition("CMD ")
    program, flag, code = json.loads(command)
    assert (program, flag) == ("python", "-c")
    compile(code, "HEALTHCHECK", "exec")
    assert "--timeout=5s" in options


def test_the_image_is_labelled_with_the_version_of_the_project() -> None:
    labels = dict(pair.split("=", 1) for pair in shlex.split(last_stage()["LABEL"]))
    assert labels["org.opencontainers.image.version"] == PYPROJECT["project"]["version"]
    assert labels["org.opencontainers.image.licenses"] == PYPROJECT["project"]["license"]


def test_everything_the_image_copies_is_let_through_to_it() -> None:
    let_through = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        source
        for name, rest in instructions()
        if name == "COPY" and "--from" not in rest
        for source in shlex.split(rest)[:-1]
    }
    assert copied == let_through
    assert all((ROOT / path).exists() for path in copied)


def test_compose_serves_sample_data_unless_the_live_profile_is_asked_for() -> None:
    sandbox, live = (compose_services()[name] for name in ("sandbox", "live"))
    assert sandbox["environment"]["GATEWAY_SANDBOX"] == "1"
    assert sandbox["ports"] == ["127.0.0.1:8080:8080"]
    assert "profiles" not in sandbox
    assert live["environment"]["GATEWAY_SANDBOX"] == "0"
    assert live["profiles"] == ["live"]


def test_compose_hands_the_settings_file_to_the_live_services_alone() -> None:
    services = compose_services()
    with_it = {name for name, service in services.items() if "env_file" in service}
    assert with_it == {"live", "http2", "gateway", "worker"}
    assert all(services[name]["env_file"] == [{"path": ".env", "required": False}] for name in with_it)


def test_compose_puts_the_egress_between_by_the_settings_of_the_addresses_alone() -> None:
    services = compose_services()
    live, http2, egress = (services[name] for name in ("live", "http2", "egress"))
    assert http2["profiles"] == egress["profiles"] == ["http2"]
    added = http2["environment"].keys() - live["environment"].keys()
    assert added == {f"GATEWAY_{agency}_URL" for agency in ("HTS", "CSL", "FDA", "CROSS", "LIST")}
    listening = re.findall(r"EGRESS_(\w+)_PORT-(\d+)", (ROOT / "deploy/egress/haproxy.cfg").read_text())
    tools: dict[str, type[AgencyTool]] = {
        "HTS": HTSTool,
        "CSL": SanctionsTool,
        "FDA": RefusalsTool,
        "CROSS": RulingsTool,
    }
    for agency, port in listening:
        path = urlsplit(tools[agency].default_base_url).path
        assert http2["environment"][f"GATEWAY_{agency}_URL"] == f"http://egress:{port}{path}"
    assert len(listening) == 4
    assert "ports" not in egress


def test_compose_scales_two_gateways_behind_a_balancer_and_two_workers_over_one_database() -> None:
    services = {name: each for name, each in compose_services().items() if each.get("profiles") == ["scale"]}
    assert services.keys() == {"scale", "gateway", "worker", "postgres"}
    assert [services[name]["deploy"]["replicas"] for name in ("gateway", "worker")] == [2, 2]
    assert services["gateway"]["environment"] == services["worker"]["environment"]
    url = urlsplit(services["worker"]["environment"]["GATEWAY_DATABASE_URL"].replace("${POSTGRES_PASSWORD:-}", "p"))
    database = services["postgres"]["environment"]
    assert (url.hostname, url.username, url.path) == (
        "postgres",
        database["POSTGRES_USER"],
        f"/{database['POSTGRES_DB']}",
    )
    # The balancer alone is reached from outside.
    assert [name for name, each in services.items() if "ports" in each] == ["scale"]
    balancer = (ROOT / "deploy/scale/haproxy.cfg").read_text()
    assert "-gateway:8080}" in balancer
    assert "GET /health/ready" in balancer


def test_the_balancers_configuration_can_be_used() -> None:
    program = shutil.which("haproxy")
    if program is None:
        pytest.skip("there is no haproxy on this machine")
    subprocess.run([program, "-c", "-q", "-f", str(ROOT / "deploy/scale/haproxy.cfg")], check=True, timeout=30)


def test_services_of_compose_never_clash_on_a_port() -> None:
    ports = [port.rsplit(":", 1)[0] for service in compose_services().values() for port in service.get("ports", ())]
    assert len(ports) == len(set(ports))


@pytest.mark.parametrize("name", ["sandbox", "live", "http2", "egress", "scale", "gateway", "worker", "postgres"])
def test_containers_have_no_rights_that_they_do_not_need(name: str) -> None:
    service = compose_services()[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]


def test_compose_waits_longer_than_a_graceful_stop_takes() -> None:
    takes_s = Config.model_fields["shutdown_s"].default + LAST_BYTES_S + DRAIN_S
    for name in ("sandbox", "live", "http2", "gateway", "worker"):
        service = compose_services()[name]
        assert float(service["stop_grace_period"].removesuffix("s")) > takes_s


def test_the_example_of_the_settings_file_has_only_settings_that_exist(monkeypatch: pytest.MonkeyPatch) -> None:
    pairs = re.findall(r"^#?(\w+)=(.*)$", (ROOT / ".env.example").read_text(), re.MULTILINE)
    ours = {name: value for name, value in pairs if name.startswith("GATEWAY_")}
    assert "GATEWAY_USER_AGENT" in ours
    assert {name.removeprefix("GATEWAY_").lower() for name in ours} <= Config.model_fields.keys()
    for name, value in ours.items():
        monkeypatch.setenv(name, value)
    assert Config().user_agent == ours["GATEWAY_USER_AGENT"]


def test_ci_runs_the_checks_and_then_the_tests() -> None:
    script = ROOT / ".ci/run"
    assert script.stat().st_mode & 0o111
    lines = script.read_text().splitlines()
    assert "set -euo pipefail" in lines
    assert [line for line in lines if line.startswith("make ")] == ["make check", "make test"]
