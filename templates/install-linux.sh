#!/bin/sh
# Makes this Linux system trust the certificate authority of a mail server. Nothing is fetched: the certificate is in here.
set -eu
program=install-linux.sh
host={{host}}
usage() {
  cat <<'END_OF_USAGE'
Usage: sudo sh install-linux.sh [--remove] [--fingerprint AA:BB:...] [--yes]

Adds the mail server's certificate authority to the trust store of this system:
Debian, Ubuntu, Alpine; Fedora, RHEL and their kin; Arch; SUSE. It shows the
fingerprint, and asks before it changes anything. A second run does no harm.

  --fingerprint FP  the SHA-256 fingerprint that you were told: instead of the
                    question. If another one is in here, nothing is changed.
                    Again for each where there are several.
  --remove          take it out again
  --yes             do not ask
END_OF_USAGE
}

{{> client-roots.sh}}
[ $# -eq 0 ] || fail 64 "$1 is not expected here" "see: sh $program --help"

# `su` may leave these out.
PATH=${PATH:-/usr/bin:/bin}:/usr/sbin:/sbin
umask 022

# Where an administrator's certificates go, what spreads them, and the file in which they must arrive.
anchors='' spreads='' bundles=''
if [ -d /etc/pki/ca-trust/source/anchors ] && has update-ca-trust; then
  anchors=/etc/pki/ca-trust/source/anchors spreads="update-ca-trust"
  bundles=/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem
elif [ -d /etc/ca-certificates/trust-source/anchors ] && has update-ca-trust; then
  anchors=/etc/ca-certificates/trust-source/anchors spreads="update-ca-trust"
  bundles=/etc/ca-certificates/extracted/tls-ca-bundle.pem
elif [ -d /etc/ca-certificates/trust-source/anchors ] && has trust; then
  anchors=/etc/ca-certificates/trust-source/anchors spreads="trust extract-compat"
  bundles=/etc/ca-certificates/extracted/tls-ca-bundle.pem
elif [ -d /etc/pki/trust/anchors ] && has update-ca-certificates; then
  anchors=/etc/pki/trust/anchors spreads="update-ca-certificates"
  bundles=/var/lib/ca-certificates/ca-bundle.pem
elif [ -d /usr/share/ca-certificates ] && has update-ca-certificates; then
  anchors=/usr/local/share/ca-certificates spreads="update-ca-certificates"
  bundles=/etc/ssl/certs/ca-certificates.crt
fi
[ -n "$anchors" ] || fail 69 "the trust store of this system is not known: neither update-ca-certificates nor update-ca-trust was found" \
  "install the package ca-certificates and run this again, or import ca.crt as your system's manual says"

if [ "$remove" = yes ]; then
  say "This takes the certificate authority of the mail server $host out of $anchors:"
else
  say "This adds the certificate authority of the mail server $host to $anchors:"
fi
show_roots
[ "$(id -u)" = 0 ] || fail 77 "only root can change the trust store of a system" "run: sudo sh $program"
if [ "$remove" = yes ]; then
  confirm "Take it out?"
else
  confirm "{{^several}}Is this the fingerprint that your administrator told you?{{/several}}{{#several}}Are these the {{count}} fingerprints that your administrator told you?{{/several}}"
fi

# Named by its fingerprint: nobody else's file is replaced, and another certificate of the same authority stands beside it.
path_of() { echo "$anchors/mailcert-$(sha256_of "$1" | cut -c 1-16).crt"; }
spread() {
  # shellcheck disable=SC2086 # a program and its argument
  $spreads || fail 1 "$spreads failed" "mend what it says and run this again"
}
spread_has() { [ -f "$bundles" ] && tr -d ' \r\n' <"$bundles" | grep -qF -e "$(root "$1" | body)"; }
# Files of the folder with this certificate and nothing else, whoever copied them there.
copies_of() {
  for copy in "$anchors"/*; do
    [ -f "$copy" ] || continue
    if [ "$(body <"$copy")" = "$(root "$1" | body)" ]; then printf '%s\n' "$copy"; fi
  done
}

if [ "$remove" = yes ]; then
  for number in $roots; do
    copies_of "$number" | while IFS= read -r copy; do
      rm -f -- "$copy" || fail 73 "$copy cannot be removed" "is the file system read-only?"
      say "removed: $copy"
    done
  done
  spread
  for number in $roots; do
    if spread_has "$number"; then
      fail 1 "$(title_of "$number") is still trusted: it is somewhere else as well" "look for it among what $spreads reads"
    fi
  done
  say "done: this system does not trust it any more"
  exit 0
fi

mkdir -p "$anchors"
for number in $roots; do
  copy=$(copies_of "$number" | head -n 1)
  if [ -n "$copy" ]; then
    say "already there: $copy"
    continue
  fi
  path=$(path_of "$number")
  # Whole or not at all, and in its folder from the start, so that it gets the security label of that.
  { root "$number" >"$path.new" && mv -f -- "$path.new" "$path"; } ||
    fail 73 "$path cannot be written" "is the file system read-only?"
  say "written: $path"
done
spread
for number in $roots; do
  spread_has "$number" || fail 1 "$spreads ran, and $(title_of "$number") is not in $bundles" \
    "see what it said above; to go back: sudo sh $program --remove"
done
say "done: programs that ask this system trust it from now on; those that run already, when they are started again" \
  "(Thunderbird and Java do not ask the system: see README.txt)"
