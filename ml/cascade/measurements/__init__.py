"""Measurements of an outlined lesion: sizes, grey values and shape, in millimetres if the header calibrates the image.

Features are those of the Image Biomarker Standardisation Initiative (Zwanenburg et al., "The Image Biomarker
Standardization Initiative", Radiology 2020;295:328-338), each with its IBSI code; features not defined there have none.
"""
