"""The papers' other road: outline, features, selection, classifier, decision, each step a thing that one can read.

The outline comes from a person or a network; what is measured of it has names; few of these are kept; a linear model of
them decides (Aerts et al., Nature Communications 2014;5:4006; Lambin et al., Nature Reviews Clinical Oncology 2017).
"""
