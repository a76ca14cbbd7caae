# SPDX-License-Identifier: EUPL-1.2
"""How gunicorn serves reporters and officers: part of the program, read by `meldkluis serve` and by nothing else.

- Only what never differs between sites stands here. Where to listen and with how many workers stands in
  meldkluis.toml; worker and logger are ours (meldkluis.intake.worker, meldkluis.intake.serve).
- gunicorn limits neither the time for a request's head nor connections: nginx or tor stands in front (deploy/nginx).
"""

asgi_loop = "asyncio"

# The proxy runs in our group; nobody else may knock on a unix socket.
umask = 0o007

# A body that stalls ends after `timeout`, which must be longer than `graceful_timeout`: a worker that drains sends no
# heartbeat, and would be killed with an upload in its hands.
timeout = 90
graceful_timeout = 45
keepalive = 5

# No visit leaves a line. Warnings and errors go to standard error, without times and texts of errors.
accesslog = None
errorlog = "-"
loglevel = "warning"

# It would open a second way in, in the home directory.
control_socket_disable = True

# No sender and no proxy has a say in what a request is.
forwarded_allow_ips = ""
secure_scheme_headers = {}

# The database is opened after the fork; SQLite must not be carried through one.
preload_app = False

proc_name = "meldkluis"
