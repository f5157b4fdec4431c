"""What people draw and measure on images: kept version by version, each changed by its author alone."""
