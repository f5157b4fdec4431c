"""Descriptions of the features for readers."""

from collections.abc import Mapping

MEANINGS: Mapping[str, str] = {
    "circularity": "1 for a disc, less for a ragged or a long outline",
    "solidity": "how much of its convex hull the outline fills",
    "elongation": "shorter over longer axis: 1 for round, less for long",
    "diameter_ratio": "shorter over longer diameter",
    "relative_area": "share of the head's area in this slice",
    "off_centre": "distance from the middle of the head, in roots of its area",
    "brightness": "mean grey inside; 0 is the mean of the head, 1 its spread",
    "spread": "how much the grey values inside differ",
    "darkest_tenth": "grey value under which a tenth of the inside lies",
    "brightest_tenth": "grey value over which a tenth of the inside lies",
    "skewness": "above 0: few bright parts in a dark inside; below 0: the reverse",
    "kurtosis": "above 0: a few grey values stand far out",
    "entropy": "how evenly all grey values occur inside",
    "ring_brightness": "mean grey in a ring round it; 0 is the mean of the head",
    "ring_spread": "how much the grey values in the ring differ",
    "ring_contrast": "how much brighter the inside is than the ring",
    "edge_steepness": "how sharply the grey values change along the edge",
    "texture_contrast": "how much neighbouring pixels inside differ",
    "texture_homogeneity": "how alike neighbouring pixels inside are",
    "texture_energy": "how often the same pairs of grey values come back",
    "texture_correlation": "how far a pixel inside foretells its neighbour",
}


def title_of(name: str) -> str:
    """Return a feature's name for display."""
    return name.replace("_", " ").capitalize()
