#!/bin/sh
# The operator's command: ./cw help
command -v node > /dev/null || { echo 'cw: Node 20 or newer is needed to start, and there is no node on the PATH' >&2; exit 1; }
exec node "$(dirname "$0")/scripts/bootstrap.mjs" cw "$@"
