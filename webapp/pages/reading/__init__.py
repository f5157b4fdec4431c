"""Having a case in hand, and the next one please."""
