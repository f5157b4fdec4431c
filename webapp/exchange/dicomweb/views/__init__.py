"""The resources of PS3.18 chapter 10: each view says who is asked, nothing more."""
