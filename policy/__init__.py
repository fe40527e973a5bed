"""What every environment has to keep to, as a policy pack for Pulumi's CrossGuard.

`rules` holds the rules as plain functions, which know nothing of Pulumi; `__main__` serves them.
"""
