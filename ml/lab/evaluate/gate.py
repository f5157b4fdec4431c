"""``python -m ml.lab.evaluate.gate CONFIG...``: does the gate refuse what it should, on pictures never trained on?

Each way of measuring distance is fitted on the training pictures' features and given the limit at which 95% of the
validation pictures pass, alone and beside the scope head. Judged are photographs, drawings of kinds that no training
uses, medical pictures of parts and modalities that were never taught, and, for a run that left collections out,
those of them whose part no other collection showed it: the honest test of "other body parts". What is of a known
kind and from another source is told as well: the price. Writes ``runs/<name>-<version>/gate.json``.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.cascade.runtime import Network
from ml.lab.data import Picture, squares_read
from ml.lab.evaluate.gate_sets import PictureSet, sets_judged
from ml.lab.evaluate.metrics import share_figure
from ml.lab.evaluate.report import Chart, Report, markdown, report_written
from ml.lab.evaluate.runs import network_judged
from ml.lab.ood.choose import (
    KEPT,
    METHOD,
    SCOPE,
    Witnesses,
    class_numbers,
    gate_fitted,
    methods,
    taught_pictures,
    witnesses,
)
from ml.lab.train.cli import each, parser_of
from ml.lab.train.config import Config
from ml.lab.train.heads import teaching
from ml.lab.train.splits import seen

Doubts = NDArray[np.float64]
#: Takes witnesses, gives a doubt a picture (N,): the larger, the less it is what the network knows.
Rule = Callable[[Witnesses], Doubts]
Judged = list[tuple[PictureSet, Witnesses]]


def gate_report(config: Config, network: Network, folder: Path, pictures: list[Picture]) -> Report:
    """Compare the rules that tell near from far, and show the one that ships by kind of picture."""
    squares, taught = taught_pictures(config, folder, pictures)
    learnt = witnesses(network, squares)
    checked = teaching(seen(pictures, config, "val"), config.heads)
    squares, _ = squares_read(folder, checked, size=config.size)
    valid = witnesses(network, squares)
    judged = [(one, witnesses(network, one.squares)) for one in sets_judged(config, folder, pictures, taught)]
    rules = rules_compared(learnt, class_numbers(taught), least_medical=network.row.thresholds.get(SCOPE))
    report = Report()
    _all_rules(report, rules, valid, judged)
    shipped = rules[f"scope head and {METHOD}" if SCOPE in network.row.labels else METHOD]
    _by_kind(report, shipped, limit_keeping(shipped(valid), KEPT), judged)
    report.charts.append(_chart(shipped, judged))
    report.about = {"name": config.name, "version": config.version, "profile": config.profile, "rule": METHOD}
    return report


def rules_compared(learnt: Witnesses, classes: NDArray[np.intp], *, least_medical: float | None) -> dict[str, Rule]:
    """Every rule by name: softmax and energy as the yardsticks, each distance, the scope head, and both together.

    Parameters
    ----------
    least_medical
        Threshold of the scope head, None where there is none.
    """
    rules: dict[str, Rule] = {
        "softmax of the first question": lambda w: -_likeliest(w.logits),
        "energy of the first question": lambda w: np.asarray(-np.logaddexp.reduce(w.logits, axis=1)),
    }
    for method in methods():
        gate = gate_fitted(learnt.features, classes, method=method)
        rules[method] = lambda w, gate=gate: gate.score(w.features)  # type: ignore[misc]
    if least_medical is not None:
        rules["scope head"] = lambda w: -w.medical
        for method in methods():
            rules[f"scope head and {method}"] = _beside_scope(rules[method], least_medical)
    return rules


def limit_keeping(doubts: Doubts, kept: float) -> float:
    """The largest doubt that may pass where at least `kept` of these pictures shall pass."""
    return float(np.sort(doubts)[max(1, int(np.ceil(kept * len(doubts) - 1e-9))) - 1])


def _beside_scope(rule: Rule, least_medical: float) -> Rule:
    """The rule as it is served: what the scope head refuses at its own threshold is beyond any limit."""
    return lambda w: np.where(w.medical < least_medical, np.inf, rule(w))


def _likeliest(logits: Doubts) -> Doubts:
    return np.asarray(np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)).max(1), np.float64)


def _all_rules(report: Report, rules: dict[str, Rule], valid: Witnesses, judged: Judged) -> None:
    """One row a rule, one column a set of pictures."""
    rows = [["rule", *(f"{one.title} (n = {len(one.names)})" for one, _ in judged)]]
    for name, rule in rules.items():
        limit = limit_keeping(rule(valid), KEPT)
        shares = [float(((rule(found) <= limit) == one.known).mean()) for one, found in judged]
        rows.append([name, *(f"{share:.1%}" for share in shares)])
    report.counts[f"Every rule at its limit that keeps {KEPT:.0%} of the validation pictures"] = rows


def _by_kind(report: Report, rule: Rule, limit: float, judged: Judged) -> None:
    """One table a set, one row a kind, with intervals, for the rule that ships."""
    for one, found in judged:
        right = (rule(found) <= limit) == one.known
        what = "pass" if one.known else "do not pass"
        note = (
            f"Share that {what} at the limit that keeps {KEPT:.0%} of the validation pictures, by the rule that ships."
        )
        table = report.table(one.title, note)
        table.figures["all"] = report.headline[one.title] = share_figure(right, one.groups)
        for name in sorted(set(one.names)):
            at = np.array([kind == name for kind in one.names])
            table.figures[name] = share_figure(right[at], [g for g, a in zip(one.groups, at, strict=True) if a])


def _chart(rule: Rule, judged: Judged) -> Chart:
    """What is refused of every other set as the limit lets more of the known test pictures pass."""
    note = "A line for each set of pictures; the limit moves along it."
    chart = Chart("Refused against kept", note, "known test pictures kept", "pictures of the set refused")
    known = rule(judged[0][1])
    limits = [limit_keeping(known, float(kept)) for kept in np.linspace(0.8, 1.0, 41)]
    for one, found in judged[1:]:
        doubts = rule(found)
        name = f"{one.title.rsplit(' ', 1)[0]} (n = {len(doubts)})"
        chart.lines[name] = [(float((known <= limit).mean()), float((doubts > limit).mean())) for limit in limits]
    return chart


def main(arguments: list[str] | None = None) -> int:
    """Judge the gate of every classifier named; 0 when all were, 2 when one could not be."""
    chosen = parser_of("python -m ml.lab.evaluate.gate", __doc__).parse_args(arguments)
    return each(chosen.configs, chosen.profile, _told)


def _told(config: Config, folder: Path, pictures: list[Picture]) -> None:
    report = gate_report(config, network_judged(config, folder, pictures), folder, pictures)
    report_written(report, config.folder / "gate.json")
    print(markdown(report), flush=True)


if __name__ == "__main__":
    sys.exit(main())
