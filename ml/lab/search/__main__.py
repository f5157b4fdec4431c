"""``python -m ml.lab.search FILE...``: try settings of a training by grid or at random, and rank them.

Each trial is a run of its own, judged on the validation split; the test split is not looked at.  A search that was
stopped goes on behind its last whole trial.  Writes ``runs/search-<name>/trials.csv``.
"""

import argparse
import csv
import json
import os
import sys
from pathlib import Path

import optuna
import torch

from ml.lab.data import Picture, data_folder, pictures_read
from ml.lab.search.space import Space, space_read, varied
from ml.lab.train.classifier import ClassifierTask
from ml.lab.train.config import PLAIN, runs_folder
from ml.lab.train.loop import train


def main(arguments: list[str] | None = None) -> int:
    """Run every search named; 0 when all ended, 2 when one cannot be used."""
    parser = argparse.ArgumentParser(prog="python -m ml.lab.search", description=__doc__)
    parser.add_argument("files", type=Path, nargs="+", help="files of ml/lab/configs/search")
    parser.add_argument("--profile", default=PLAIN)
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(os.cpu_count() or 1)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        folder = data_folder()
        pictures = pictures_read(folder)
        for file in chosen.files:
            searched(space_read(file, profile=chosen.profile), folder, pictures)
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2
    return 0


def searched(space: Space, folder: Path, pictures: list[Picture]) -> optuna.Study:
    """Run the trials that are still to do; returns them all."""
    home = runs_folder() / f"search-{space.name}"
    home.mkdir(parents=True, exist_ok=True)
    study = optuna.create_study(
        study_name=space.name, direction="maximize", sampler=_sampler(space),
        storage=f"sqlite:///{home / 'trials.sqlite3'}", load_if_exists=True,
    )  # fmt: skip

    def score(trial: optuna.Trial) -> float:
        # Lists are no choices to the library: they travel as JSON.
        settings = {
            name: json.loads(trial.suggest_categorical(name, [json.dumps(v) for v in values]))
            for name, values in space.choices.items()
        }
        config = varied(space, trial.number, settings)
        train(ClassifierTask(config, folder, pictures), config)
        best = _best(config.folder / "epochs.csv")
        print(f"{space.name} {trial.number + 1} of {wanted}: {best:.4f} with {settings}", flush=True)
        return best

    wanted = space.trials
    done = len(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]))
    study.optimize(score, n_trials=max(0, wanted - done))
    _written(study, home / "trials.csv")
    return study


def _sampler(space: Space) -> optuna.samplers.BaseSampler:
    if space.method == "random":
        return optuna.samplers.RandomSampler(seed=space.seed)
    return optuna.samplers.GridSampler(
        {name: [json.dumps(v) for v in values] for name, values in space.choices.items()}, seed=space.seed
    )


def _best(epochs: Path) -> float:
    with epochs.open(newline="", encoding="utf-8") as stream:
        return max(float(row["score"]) for row in csv.DictReader(stream))


def _written(study: optuna.Study, file: Path) -> None:
    trials = sorted(study.get_trials(states=[optuna.trial.TrialState.COMPLETE]), key=lambda t: -(t.value or 0))
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        names = list(trials[0].params) if trials else []
        writer.writerow(["trial", "score", *names])
        for trial in trials:
            writer.writerow([trial.number, f"{trial.value:.4f}", *(trial.params[name] for name in names)])


if __name__ == "__main__":
    sys.exit(main())
