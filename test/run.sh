#!/bin/bash
# What `npm test` runs: everything that a change must pass. Builds the lab and the program, then checks, unit, cli and lab tests.
# Closes with one line, `N passed, N failed`, and ends with 0 only where nothing failed. --full adds the heavy sweeps (MAILCERT_FULL=1).
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit 70
case ${1-} in
  "") ;;
  --full) export MAILCERT_FULL=1 ;;
  *) echo "usage: test/run.sh [--full]" >&2; exit 64 ;;
esac
[ -d node_modules ] || npm ci --no-audit --no-fund || exit
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
export NO_COLOR=1

# The first 2,000 lines as they come, then the last 400 at the end: a log has a size that can be read.
bounded() {
  awk '{ line = substr($0, 1, 1000) }
    NR <= 2000 { print line; fflush(); next }
    { last[NR % 400] = line }
    END { if (NR > 2400) print "... " NR - 2400 " lines left out ..."
          for (i = NR > 2400 ? NR - 399 : 2001; i <= NR; i++) print last[i % 400] }'
}

# step NAME COMMAND...: its status is kept for the closing line; vitest leaves its counts beside it.
step() {
  local name=$1 started=$SECONDS status
  shift
  echo "== $name"
  "$@" 2>&1 </dev/null | bounded
  status=$?
  echo "$status" >"$results/$name.status"
  echo "== $name: $([ "$status" = 0 ] && echo ok || echo "failed ($status)"), $((SECONDS - started)) s"
  return "$status"
}

suite() { # name, projects and options
  local name=$1
  shift
  step "$name" npx --no-install vitest run --root . --config test/vitest.config.ts --reporter=default --reporter=json \
    --outputFile.json="$results/$name.json" "$@"
}

# Without the lab or the program nothing below means anything: one failure, the hint above it.
if step lab-build bash test/lab/build.sh && step build npm run --silent build; then
  # Not check:docs: those tests are among the unit tests.
  step check npm run --silent check:code
  suite unit --project unit --coverage
  # They wait for servers for a quarter of their time: three at once keep two cores busy.
  suite cli+lab --project cli --project lab --maxWorkers $((($(nproc) * 3 + 1) / 2))
  if [ -n "${MAILCERT_FULL-}" ]; then
    newer=$(bash test/newer-node.sh) && PATH=$newer:$PATH suite newer-node --project unit --project cli
  fi
fi
node test/summary.mjs "$results"
