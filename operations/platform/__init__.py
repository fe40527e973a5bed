"""`serlo drift`: what is not as it was deployed, and who changed it. Nothing is written."""
