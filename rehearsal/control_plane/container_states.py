"""States of a container in the kubelet's words, as parts of a Go template for kwok.

Each stands in one entry of `containerStatuses`. `.` is the container as the pod's spec has it,
`$pod` is how the kubelet names the pod in messages, `$restarts` how often it was restarted.
"""

PULL_MESSAGE = (
    '(printf "rpc error: code = NotFound desc = failed to pull and unpack image %q:'
    ' failed to resolve reference %q: %s: not found" .image .image .image)'
)

_TERMINATED = (
    "{terminated: {exitCode: 1, reason: Error,"
    " startedAt: {{ $now | Quote }}, finishedAt: {{ $now | Quote }}}}"
)

PULL_FAILED = """ready: false
  started: false
  restartCount: 0
  state: {waiting: {reason: ErrImagePull, message: {{ @PULL@ | Quote }}}}""".replace(
    "@PULL@", PULL_MESSAGE
)

PULL_BACK_OFF = """ready: false
  started: false
  restartCount: 0
  {{ $message := printf "Back-off pulling image %q: ErrImagePull: %s" .image @PULL@ }}
  state: {waiting: {reason: ImagePullBackOff, message: {{ $message | Quote }}}}""".replace(
    "@PULL@", PULL_MESSAGE
)

RUNS_UNREADY = """ready: false
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $now | Quote }}}}
  {{ if gt $restarts 0 }}
  lastState: @TERMINATED@
  {{ end }}""".replace("@TERMINATED@", _TERMINATED)

CRASHED = """ready: false
  started: false
  restartCount: {{ add1 $restarts }}
  {{ $seconds := min 300 (mul 10 (index (list 1 2 4 8 16 32) (min 5 $restarts))) }}
  {{ $message := printf "back-off %ds restarting failed container=%s pod=%s" $seconds .name $pod }}
  state: {waiting: {reason: CrashLoopBackOff, message: {{ $message | Quote }}}}
  lastState: @TERMINATED@""".replace("@TERMINATED@", _TERMINATED)

ENDED = """ready: false
  started: false
  restartCount: 0
  state: @TERMINATED@""".replace("@TERMINATED@", _TERMINATED)

RUNS_READY = """ready: true
  started: true
  restartCount: {{ $restarts }}
  state: {running: {startedAt: {{ $now | Quote }}}}"""
