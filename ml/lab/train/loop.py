"""The training loop: stops at any moment, goes on from the last whole epoch, keeps the best."""

import csv
import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from ml.lab.train.config import Config
from ml.lab.train.curves import curves_drawn
from ml.lab.train.tensors import moved, training_device

#: Minutes of a configuration are those of so many cores: the same work on one thread or on many.
CORES = 2


class Task(Protocol):
    """What the loop needs to know of a task."""

    def network(self) -> nn.Module:
        """Build the network that is trained."""
        ...

    def batches(self, epoch: int) -> Iterable[tuple[Tensor, Any]]:
        """Give the pictures (N, 1, S, S) and answers of one epoch; the same for the same epoch."""
        ...

    def loss(self, outputs: tuple[Tensor, ...], answers: Any) -> Tensor:
        """Score a batch; lower is better."""
        ...

    def validate(self, network: nn.Module) -> dict[str, float]:
        """Judge a network on the validation split; the key "score" decides (higher is better)."""
        ...


@dataclass
class Progress:
    """How far a run is; stored with its state."""

    epoch: int = 0
    seconds: float = 0.0
    best: float = -math.inf


def train(task: Task, config: Config, *, stop_after_epochs: int | None = None) -> Path:
    """Train, or go on training, and keep the best epoch's averaged weights.

    Parameters
    ----------
    stop_after_epochs
        End early, as an interruption would; a later call goes on.

    Returns
    -------
    Path
        File with the best weights (a state dict), ``best.pt`` in the run's folder.
    """
    config.folder.mkdir(parents=True, exist_ok=True)
    (config.folder / "config.json").write_text(config.told(), encoding="utf-8")
    torch.manual_seed(config.seed)
    run = _Run(task, config)
    run.restore()
    done_here = 0
    while not run.finished and done_here != stop_after_epochs:
        run.epoch()
        done_here += 1
    return config.folder / "best.pt"


class _Run:
    def __init__(self, task: Task, config: Config) -> None:
        self.task, self.config, self.progress = task, config, Progress()
        self.device = training_device()
        self.network = task.network().to(self.device)
        nn.utils.convert_conv2d_weight_memory_format(self.network, torch.channels_last)
        # Averaged weights (Polyak) judge and ship: steadier than the last step's.
        self.averaged = AveragedModel(self.network, multi_avg_fn=get_ema_multi_avg_fn(config.average), use_buffers=True)
        self.optimizer = torch.optim.AdamW(self.network.parameters(), lr=config.rate, weight_decay=config.weight_decay)
        self.rate_share = RATES[config.schedule]
        self.state_file = config.folder / "state.pt"

    @property
    def finished(self) -> bool:
        return self.share_done(0.0) >= 1

    def share_done(self, epoch_part: float) -> float:
        """Share of the whole training that is over, by epochs or by minutes, the larger."""
        by_epochs = (self.progress.epoch + epoch_part) / self.config.epochs
        return max(by_epochs, self.progress.seconds / (self.config.minutes * 60))

    def restore(self) -> None:
        if not self.state_file.exists():
            return
        state = torch.load(self.state_file, weights_only=True, map_location=self.device)
        self.network.load_state_dict(state["network"])
        self.averaged.load_state_dict(state["averaged"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.progress = Progress(**state["progress"])

    def epoch(self) -> None:
        losses = self._learn()
        self.progress.epoch += 1
        figures = self.task.validate(self.averaged.module.eval())
        if figures["score"] > self.progress.best:
            self.progress.best = figures["score"]
            best = {name: value.cpu() for name, value in self.averaged.module.state_dict().items()}
            _save(best, self.config.folder / "best.pt")
        self._store()
        self._report({"loss": sum(losses) / max(1, len(losses)), **figures})

    def _learn(self) -> list[float]:
        self.network.train()
        torch.manual_seed(self.config.seed + self.progress.epoch)
        losses: list[float] = []
        steps = max(1, self.config.epoch_pictures // self.config.batch)
        before = _worked(self.device)
        for step, (pictures, answers) in enumerate(self.task.batches(self.progress.epoch)):
            share = min(1.0, self.share_done(step / steps))
            if share >= 1:
                break
            for group in self.optimizer.param_groups:
                group["lr"] = self.config.rate * self.rate_share(share)
            losses.append(self._step(pictures, answers))
            now = _worked(self.device)
            self.progress.seconds, before = self.progress.seconds + now - before, now
        return losses

    def _step(self, pictures: Tensor, answers: Any) -> float:
        self.optimizer.zero_grad(set_to_none=True)
        pictures = pictures.to(self.device).contiguous(memory_format=torch.channels_last)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=halves_pay(self.device)):
            outputs = self.network(pictures)
        loss = self.task.loss(tuple(output.float() for output in outputs), moved(answers, self.device))
        loss.backward()
        nn.utils.clip_grad_norm_(self.network.parameters(), 5.0)
        self.optimizer.step()
        self.averaged.update_parameters(self.network)
        return float(loss.detach())

    def _store(self) -> None:
        _save(
            {
                "network": self.network.state_dict(),
                "averaged": self.averaged.state_dict(),
                "optimizer": self.optimizer.state_dict(),
                "progress": vars(self.progress),
            },
            self.state_file,
        )

    def _report(self, figures: dict[str, float]) -> None:
        row = {"epoch": self.progress.epoch, "seconds": round(self.progress.seconds)}
        values = row | {name: round(value, 4) for name, value in figures.items()}
        file = self.config.folder / "epochs.csv"
        fresh = not file.exists()
        with file.open("a", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, values.keys())
            if fresh:
                writer.writeheader()
            writer.writerow(values)
        share = min(1.0, self.share_done(0.0))
        left = self.progress.seconds / max(share, 1e-6) * (1 - share) / 60
        curves_drawn(file)
        text = " ".join(f"{name} {value}" for name, value in values.items())
        print(f"{self.config.name}: {share:.0%} done, about {left:.0f} min left | {text}", flush=True)


def halves_pay(device: torch.device) -> bool:
    """True where bfloat16 shortens a step: on GPUs, and on CPUs with matrix tiles (AMX).

    On two cores with AVX-512 alone a step took 1.2 to 1.6 times as long as in full precision, in which weights stay
    everywhere.
    """
    return device.type == "cuda" or bool(torch.cpu.get_capabilities().get("amx_bf16"))


def _worked(device: torch.device) -> float:
    """Seconds that this training has worked, in seconds of two cores: a neighbour's load costs nothing."""
    return time.process_time() / CORES if device.type == "cpu" else time.monotonic()


def cosine(share: float, warm: float = 0.05) -> float:
    """Learning rate over the training: a short rise, then half a cosine (Loshchilov 2017)."""
    if share < warm:
        return 0.05 + 0.95 * share / warm
    return 0.5 * (1 + math.cos(math.pi * (share - warm) / (1 - warm)))


def staircase(share: float, factor: float = 0.96, steps: int = 60) -> float:
    """Learning rate times 0.96, sixty times over the training: the papers' decay for the plain network."""
    return factor ** int(share * steps)


RATES: dict[str, Callable[[float], float]] = {"cosine": cosine, "staircase": staircase}


def _save(state: dict[str, Any], file: Path) -> None:
    # Written beside and renamed: a kill in mid-write leaves the last whole state.
    beside = file.with_suffix(".part")
    torch.save(state, beside)
    beside.replace(file)
