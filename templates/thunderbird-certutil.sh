#!/bin/sh
# Makes Thunderbird trust the certificate authority of a mail server, in every profile of the user who runs this (Linux, Mac). Nothing is fetched.
set -eu
program=thunderbird-certutil.sh
host={{host}}
usage() {
  cat <<'END_OF_USAGE'
Usage: sh thunderbird-certutil.sh [--remove] [--fingerprint AA:BB:...] [--yes] [PROFILE...]

Adds the mail server's certificate authority to Thunderbird's own store, in each
profile that Thunderbird lists, or in these folders. Close Thunderbird first. It
shows the fingerprint, and asks before it changes anything. A second run does no
harm. It needs certutil, a program of Mozilla's NSS.

  --fingerprint FP  the SHA-256 fingerprint that you were told: instead of the
                    question. If another one is in here, nothing is changed.
                    Again for each where there are several.
  --remove          take it out again
  --yes             do not ask
END_OF_USAGE
}

{{> client-roots.sh}}

# Windows has a certutil as well, which is another program.
certutil -H 2>&1 | grep -q cert9.db || certutil -H 2>&1 | grep -q 'certificate database' ||
  fail 69 "certutil, a program of Mozilla's NSS, is not installed" \
    "Debian, Ubuntu: apt install libnss3-tools; Fedora: dnf install nss-tools; Arch: pacman -S nss; SUSE: zypper install mozilla-nss-tools; Mac: brew install nss"

# Profiles as profiles.ini lists them: below its folder, or anywhere.
profiles_in() { # folder
  [ -f "$1/profiles.ini" ] || return 0
  tr -d '\r' <"$1/profiles.ini" | awk -v base="$1" '
    function flush() { if (path != "") print (relative == "0" ? path : base "/" path); path = ""; relative = "1" }
    /^\[/ { flush(); profile = ($0 ~ /^\[Profile[0-9]+\]/) }
    profile && /^Path=/ { path = substr($0, 6) }
    profile && /^IsRelative=/ { relative = substr($0, 12) }
    END { flush() }'
}
profiles() {
  for folder in "$HOME/.thunderbird" "$HOME/snap/thunderbird/common/.thunderbird" \
    "$HOME/.var/app/org.mozilla.Thunderbird/.thunderbird" "$HOME/.var/app/org.mozilla.thunderbird/.thunderbird" \
    "$HOME/Library/Thunderbird"; do
    profiles_in "$folder"
  done
}
if [ $# -eq 0 ]; then
  list=$(profiles)
else
  list=$(for folder; do
    case $folder in /*) printf '%s\n' "$folder" ;; *) printf '%s\n' "$PWD/$folder" ;; esac
  done)
fi
[ -n "$list" ] || fail 66 "Thunderbird has no profile in $HOME" \
  "start Thunderbird once as the user who reads mail, and run this as the same user"

if [ "$remove" = yes ]; then
  say "This takes the certificate authority of the mail server $host out of these profiles of Thunderbird:"
else
  say "This adds the certificate authority of the mail server $host to these profiles of Thunderbird:"
fi
printf '%s\n' "$list" | sed 's/^/  /'
show_roots
if [ "$remove" = yes ]; then
  confirm "Take it out?"
else
  confirm "{{^several}}Is this the fingerprint that your administrator told you?{{/several}}{{#several}}Are these the {{count}} fingerprints that your administrator told you?{{/several}}"
fi

nickname_of() { echo "mailcert $(sha256_of "$1" | cut -c 1-16)"; }
# By what names a profile knows it: whoever imported it by hand gave it another.
names_of() { # profile number
  certutil -L -d "sql:$1" 2>/dev/null | sed -n 's/[[:space:]]\{1,\}[A-Za-z]*,[A-Za-z]*,[A-Za-z]*[[:space:]]*$//p' | while IFS= read -r name; do
    if [ "$(certutil -L -d "sql:$1" -n "$name" -a 2>/dev/null | body)" = "$(root "$2" | body)" ]; then printf '%s\n' "$name"; fi
  done
}
# The lock of a running Thunderbird is a link that ends in its process id; one that crashed leaves it behind.
running() { # profile
  link=$(readlink "$1/lock" 2>/dev/null) || return 1
  kill -0 "${link##*+}" 2>/dev/null
}
work=$(mktemp -d "${TMPDIR:-/tmp}/mailcert.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM

in_profile() { # profile
  if [ ! -d "$1" ]; then
    say "not there: $1"
    return 0
  fi
  if running "$1"; then
    printf '%s: error: Thunderbird runs with the profile %s: close it and run this again\n' "$program" "$1" >&2
    return 1
  fi
  for number in $roots; do
    names=$(names_of "$1" "$number")
    if [ "$remove" = yes ]; then
      if [ -z "$names" ]; then
        say "not in $1"
        continue
      fi
      printf '%s\n' "$names" | while IFS= read -r name; do certutil -D -d "sql:$1" -n "$name" || exit 1; done || return 1
      [ -z "$(names_of "$1" "$number")" ] || return 1
      say "removed from $1"
      continue
    fi
    root "$number" >"$work/root.pem"
    name=$(printf '%s\n' "${names:-$(nickname_of "$number")}" | head -n 1)
    # Also where it is there already: it may be, without being trusted.
    certutil -A -d "sql:$1" -t "C,," -n "$name" -i "$work/root.pem" || return 1
    # L: may it vouch for servers?
    certutil -V -d "sql:$1" -u L -n "$name" >"$work/said" 2>&1 || {
      cat "$work/said" >&2
      return 1
    }
    if [ -n "$names" ]; then say "already in $1"; else say "added to $1"; fi
  done
}

printf '%s\n' "$list" >"$work/list"
failed=no
# Not from standard input: certutil asks for a primary password there.
while IFS= read -r profile <&3; do
  in_profile "$profile" || {
    failed=yes
    printf '%s: error: not changed as it should be: %s\n' "$program" "$profile" >&2
  }
done 3<"$work/list"
[ "$failed" = no ] || fail 1 "some profiles were left" "see above; what is done is done: run this again"
say "done: Thunderbird follows when it is started"
