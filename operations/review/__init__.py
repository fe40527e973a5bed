"""`serlo review`: what a change does to every stack, from declarations alone."""
