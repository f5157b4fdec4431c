"""What the two images carry: read from the locks, the Dockerfiles and the compose file themselves."""

import re
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tests.architecture.loading import DJANGO, every_module, loaded_by, without
from tests.compose import UnsetVariableError, compose_as_written, filled_in
from tests.phantoms import pictures

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("setup", "dev", "web", "worker", "worker-gpu", "cpu", "cuda")
#: What only trains, measures or draws: in no image.
LABORATORY = {"matplotlib", "nncf", "optuna", "scikit-learn", "torch-pruning"}
ENTRY = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+) \\\n((?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+)", re.MULTILINE)


def lock(name: str) -> dict[str, str]:
    """Return package -> version of one lock."""
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    return {package: version for package, version, _hashes in ENTRY.findall(text)}


def copied(dockerfile: str) -> set[str]:
    """Return the sources that an image's Dockerfile copies."""
    text = (ROOT / "deploy" / dockerfile).read_text()
    return {source for line in re.findall(r"^COPY (.+)$", text, re.MULTILINE) for source in line.split()[:-1]}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_a_hash(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.lock").read_text()
    named = re.findall(r"^([a-z0-9][a-z0-9._-]*)==", text, re.MULTILINE)
    assert sorted(named) == sorted(lock(name))


@pytest.mark.parametrize("name", LOCKS)
def test_locks_agree_on_versions(name: str) -> None:
    everything = {**lock("setup"), **lock("cuda"), **lock("dev")}
    public = {package: version.removesuffix("+cpu") for package, version in lock(name).items()}
    assert public.items() <= everything.items()


def test_torch_has_a_lock_of_its_own_for_each_build() -> None:
    assert lock("cpu") == {"torch": f"{lock('cuda')['torch']}+cpu"}
    for name in ("dev", "web", "worker", "worker-gpu"):
        assert "torch" not in lock(name)


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_names_a_host_or_a_folder(name: str) -> None:
    assert not re.search(
        r"https?://|file:|--find-links|index-url", (ROOT / "requirements" / f"{name}.lock").read_text()
    )


def not_in(*locks: str) -> set[str]:
    """Return the modules of everything that is installed here but stands in none of these locks."""
    carried = set().union(*(lock(name) for name in locks))
    return {
        module
        for module, distributions in packages_distributions().items()
        if not {re.sub(r"[-_.]+", "-", name).lower() for name in distributions} & carried and module.isidentifier()
    }


def test_the_web_image_carries_all_that_the_web_imports(tmp_path: Path) -> None:
    absent = not_in("web")
    assert {"torch", "openvino", "scipy"} <= absent
    program = without(*absent) + DJANGO + every_module("webapp", "ml.dicomio", "ml.cascade.pathways")
    assert {"webapp", "workers"} <= loaded_by(program, data=tmp_path)


def test_the_worker_image_carries_all_that_the_workers_import(tmp_path: Path) -> None:
    absent = not_in("worker")
    assert {"django", "pytest", "torch", "ultralytics", "cv2", "sklearn"} <= absent
    program = without(*absent) + every_module("workers", "ml.cascade.operations", "ml.dicomio", "ml.cascade.pathways")
    assert {"workers", "ml"} <= loaded_by(program, data=tmp_path)


def test_the_worker_image_carries_all_that_an_analysis_needs(tmp_path: Path) -> None:
    picture = pictures.png(tmp_path / "picture.png", seed=3)
    program = without(*not_in("worker")) + f"from workers.cli import main; assert main([{str(picture)!r}]) == 0"
    assert "openvino" in loaded_by(program, data=tmp_path)


def test_the_worker_image_for_a_gpu_carries_what_its_networks_are_built_of(tmp_path: Path) -> None:
    program = without(*not_in("worker-gpu", "cpu")) + every_module("ml.cascade.networks", "ml.cascade.compat")
    assert {"torch", "ultralytics"} <= loaded_by(program, data=tmp_path)


def test_no_worker_image_has_the_laboratory() -> None:
    assert lock("worker").keys() < lock("worker-gpu").keys()
    assert lock("dev").keys() >= LABORATORY
    assert not LABORATORY & lock("worker").keys()
    # ultralytics itself asks for Matplotlib.
    assert LABORATORY & lock("worker-gpu").keys() == {"matplotlib"}


def test_the_web_image_has_no_network_runtime() -> None:
    assert (
        not {"torch", "torchvision", "openvino", "nncf", "ultralytics", "opencv-python-headless"} & lock("web").keys()
    )


def test_the_worker_image_has_no_django_and_no_web() -> None:
    assert not [package for package in lock("worker") if "django" in package]
    assert "webapp" not in copied("worker.Dockerfile")
    assert {"workers", "ml", "weights"} <= copied("worker.Dockerfile")


@pytest.mark.parametrize("service", ["worker", "worker-gpu"])
def test_a_worker_is_told_no_web_secret(service: str) -> None:
    told = compose_as_written()["services"][service]["environment"]
    assert set(told) == {"READROOM_BROKER_URL", "READROOM_DATA", "READROOM_DEVICE"}


def test_no_secret_has_a_working_default() -> None:
    secrets = ("READROOM_SECRET_KEY", "POSTGRES_PASSWORD", "REDIS_PASSWORD", "READROOM_ALLOWED_HOSTS")
    for missing in secrets:
        given = {name: "set" for name in secrets if name != missing}
        with pytest.raises(UnsetVariableError, match=f"set {missing} in .env"):
            filled_in(compose_as_written(), given)
    example = (ROOT / "deploy" / "example.env").read_text()
    assert not re.search(r"^(?!#)\S+=\S", example, re.MULTILINE)


def test_every_service_is_watched_and_what_must_last_has_a_volume() -> None:
    services = compose_as_written()["services"]
    for name in ("db", "redis", "web", "housekeeping", "listener", "watcher", "worker", "worker-gpu"):
        assert services[name]["healthcheck"]["test"]
    for name in ("web", "housekeeping", "worker", "worker-gpu"):
        assert services[name]["volumes"] == ["data:/var/lib/readroom"]
        assert services[name]["restart"] == "always"
    asked_for = {name: service["profiles"] for name, service in services.items() if "profiles" in service}
    assert asked_for == {"worker-gpu": ["gpu"], "listener": ["dicom"], "watcher": ["folder"]}
    assert set(compose_as_written()["volumes"]) == {"database", "data"}
