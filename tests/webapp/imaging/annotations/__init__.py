"""What people draw and measure."""
