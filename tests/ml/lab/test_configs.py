"""Every configuration can be read under both profiles, and stands where the report looks for it."""

from dataclasses import replace
from pathlib import Path

import pytest

from ml.lab.search.space import space_read
from ml.lab.train.config import Config, config_read
from ml.lab.train.dependency_order import in_order

CONFIGS = Path(__file__).resolve().parents[3] / "ml" / "lab" / "configs"
FILES = [f for f in sorted(CONFIGS.rglob("*.toml")) if not f.name.startswith("_") and f.parent.name != "search"]
TABLES = {"classification", "detection", "segmentation", "held-out", "transfer", "beyond", "shipped"}


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
@pytest.mark.parametrize("file", FILES, ids=lambda f: f"{f.parent.name}/{f.stem}")
def test_every_configuration_is_read(file: Path, profile: str) -> None:
    config = config_read(file, profile=profile)
    assert config.table in TABLES
    assert config.network["architecture"]
    assert config.digest != replace(config, seed=config.seed + 1).digest
    assert config.key.endswith("-gpu") == (profile == "gpu")


@pytest.mark.parametrize("profile", ["cpu", "gpu"])
def test_all_together_can_be_put_in_order(profile: str) -> None:
    configs = in_order([config_read(file, profile=profile) for file in FILES])
    place = {config.key: number for number, config in enumerate(configs)}
    assert len(place) == len(FILES)
    for config in configs:
        if config.start:
            assert place[config.start_key] < place[config.key], f"{config.key} starts from {config.start}"


def test_the_plain_profile_fits_into_two_hours_on_two_cores() -> None:
    trained = sum(config_read(file).minutes for file in FILES)
    searched = sum(space.minutes * space.trials for space in map(space_read, (CONFIGS / "search").glob("*.toml")))
    assert trained + searched <= 120


def test_the_papers_architectures_are_all_there() -> None:
    networks = [config_read(file).network for file in FILES]
    assert {"resnet50", "densenet121", "vgg16", "plain-cnn"} <= {n.get("trunk") for n in networks}
    assert {"unet", "attention-unet", "res50-unet", "yolov5"} <= {n["architecture"] for n in networks}
    assert {"n", "s", "l"} <= {n.get("scale") for n in networks}


def test_a_chest_is_not_mirrored() -> None:
    assert config_read(CONFIGS / "beyond" / "chest-xray.toml").options["moves"]["mirror"] == 0


def test_a_file_has_the_values_of_the_one_that_it_is_like(tmp_path: Path) -> None:
    (tmp_path / "under.toml").write_text(
        'name = "under"\nversion = "1"\ntask = "detector"\nsize = 64\nbatch = 4\nepoch_pictures = 8\nepochs = 1\n'
        "minutes = 1\nrate = 0.1\nseed = 1\n[options]\na = 1\nb = 2\n[profiles.gpu]\nminutes = 60\n"
    )
    over = tmp_path / "over.toml"
    over.write_text('like = "under.toml"\nname = "over"\nminutes = 3\n[options]\nb = 3\n')
    assert config_read(over).minutes == 3
    assert config_read(over).options == {"a": 1, "b": 3}
    assert config_read(over, profile="gpu").minutes == 60
    over.write_text('like = "under.toml"\nsead = 3\n')
    with pytest.raises(ValueError, match="'sead'"):
        config_read(over)


def plain(name: str, start: str = "") -> Config:
    return Config(
        name=name, version="1", task="detector", size=64, batch=4, epoch_pictures=8, epochs=1, minutes=1, rate=0.1,
        seed=1, start=start,
    )  # fmt: skip


def test_runs_that_start_from_each_other_are_refused() -> None:
    with pytest.raises(ValueError, match="start from each other"):
        in_order([plain("a", "b-1"), plain("b", "a-1")])
    with pytest.raises(ValueError, match="same name"):
        in_order([plain("a"), plain("a")])
