"""`serlo graph`: what a stack consists of and who calls whom, as a picture."""
