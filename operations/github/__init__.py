"""What the workflows in .github do beyond calling `serlo`: one comment, one issue, one question.

Standard library only, so that jobs with the right to write install nothing.
"""
