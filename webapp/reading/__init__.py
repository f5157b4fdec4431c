"""The reading room: worklist, study page and viewer, reviews, reporting, critical results, follow-up, hand-over."""
