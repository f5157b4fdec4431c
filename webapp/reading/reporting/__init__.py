"""Reports: drafts, signatures that bind text, images and models, and discrepancies between report and AI."""
