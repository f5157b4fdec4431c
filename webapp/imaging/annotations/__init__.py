"""Annotations: what people draw and measure on images. Every version is stored; only the author can change one."""
