"""Run by checkov's own interpreter: judge each folder by itself, and print all reports as JSON.

Its command would start anew for each folder, which takes longer than judging, and mixes up several
folders that it is given at once. Nothing is downloaded.
"""

# pyright: basic, reportMissingImports=false

import json
import sys

from checkov.kubernetes.runner import Runner
from checkov.runner_filter import RunnerFilter

reports: dict[str, object] = {}
for folder in sys.argv[1:]:
    report = Runner().run(root_folder=folder, runner_filter=RunnerFilter(["kubernetes"]))
    if report.parsing_errors:
        sys.exit(f"checkov cannot read {report.parsing_errors}")
    reports[folder] = {
        "judged": len(report.resources),
        "failed": [
            (check.check_id, check.resource, check.check_name) for check in report.failed_checks
        ],
    }
json.dump(reports, sys.stdout)
