"""What can be measured of an outlined lesion: sizes, grey values, shape; in millimetres where the header calibrates.

Features are those of the Image Biomarker Standardisation Initiative (Zwanenburg et al., "The Image Biomarker
Standardization Initiative", Radiology 2020;295:328-338), each with its IBSI code; what IBSI does not define has none.
"""
