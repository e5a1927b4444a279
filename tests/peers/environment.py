"""Where the peers' suites run: their source packages, and a virtual environment with what their tests import.

The environment sees this project's own packages, so that both run on the versions that are installed.
"""

import importlib.metadata
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Environment", "prepared"]

_ROOT = Path(__file__).parents[2]
_PINS = _ROOT / "locks/dev.txt"
_FOLDER = _ROOT / "build/peers"
_PEERS = ("requests", "aiohttp", "urllib3", "aiohttp-retry")
#: What the tests import; what this interpreter has too is taken from here, at its version.
_REQUIREMENTS = Path(__file__).with_name("requirements.txt")
_PIP = ("-m", "pip", "-qq", "--disable-pip-version-check", "--no-input")


@dataclass(frozen=True, slots=True)
class Environment:
    """A folder with everything in it."""

    folder: Path

    @property
    def python(self) -> Path:
        """The interpreter that runs the suites."""
        return self.folder / "venv/bin/python"

    def source_of(self, peer: str) -> Path:
        """Where the source package of `peer` is unpacked."""
        return self.folder / f"{peer}-{importlib.metadata.version(peer)}"


def prepared(say: Callable[[str], None]) -> Environment:
    """Make what is not there yet. Raises CalledProcessError when pip can't."""
    environment = Environment(_FOLDER)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    for peer in _PEERS:
        if not environment.source_of(peer).exists():
            say(f"fetching the source package of {peer} {importlib.metadata.version(peer)}")
            _unpack(peer, environment.source_of(peer))
    wanted = f"{sys.version}\n{sys.prefix}\n{_REQUIREMENTS.read_text()}"
    stamp = _FOLDER / "venv/installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        say("making the environment that the suites run in")
        _make_venv()
        stamp.write_text(wanted)
    return environment


def _unpack(peer: str, into: Path) -> None:
    """Fetch the source package of the installed version, held to the hashes of the lock, and unpack it."""
    pin = f"{peer}=={importlib.metadata.version(peer)}"
    found = re.search(rf"^{re.escape(pin)} \\\n(?:    --hash=\S+(?: \\)?\n)+", _PINS.read_text(), re.MULTILINE)
    if found is None:
        raise SystemExit(f"{pin} is installed, and is not what locks/dev.txt has")
    downloads = _FOLDER / "downloads"
    shutil.rmtree(downloads, ignore_errors=True)
    downloads.mkdir()
    pins = downloads / "pin.txt"
    pins.write_text(found.group())
    options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--requirement", str(pins)]
    subprocess.run([sys.executable, *_PIP, "download", "--dest", str(downloads), *options], check=True)
    (archive,) = downloads.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(downloads, filter="data")
    (unpacked,) = (path for path in downloads.iterdir() if path.is_dir())
    unpacked.rename(into)


def _make_venv() -> None:
    """An environment that finds its own packages first, then `tools`, then those of this interpreter."""
    venv = _FOLDER / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(venv)], check=True)
    ours = _FOLDER / "ours"
    shutil.rmtree(ours, ignore_errors=True)
    ours.mkdir()
    (ours / "tools").symlink_to(_ROOT / "tools")  # and not `tests`: the peers have packages of that name
    on_path = [ours, _ROOT / "tests/peers/plugins", Path(sysconfig.get_path("purelib"))]
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = venv / "lib" / version / "site-packages"
    own.joinpath("project.pth").write_text("".join(f"{path}\n" for path in on_path))
    here = {_normal(each.name) for each in importlib.metadata.distributions()}
    pins = re.findall(r"^\S.*\n(?: .*\n)+", _REQUIREMENTS.read_text(), re.MULTILINE)
    missing = venv / "missing.txt"
    missing.write_text("".join(pin for pin in pins if _normal(pin.partition("==")[0]) not in here))
    options = ["--no-deps", "--require-hashes", "--requirement", str(missing)]
    subprocess.run([str(venv / "bin/python"), *_PIP, "install", *options], check=True)


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
