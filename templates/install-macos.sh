#!/bin/sh
# Makes this Mac trust a mail server's {{#privateCa}}certificate authority{{/privateCa}}{{#selfSigned}}certificate{{/selfSigned}}, for all of its users. Nothing is fetched: the certificate is in here.
set -eu
program=install-macos.sh
host={{host}}
usage() {
  cat <<'END_OF_USAGE'
Usage: sudo sh install-macos.sh [--remove] [--fingerprint AA:BB:...] [--yes]

{{#privateCa}}
The better way is ca.mobileconfig: double-click it. It needs no console, System
Settings lists it and removes it again, the same file serves iPhones, and a
device management spreads it. This script is for an administrator who sits at
this Mac: since macOS 11 the system asks for a password in a window, whoever
runs it, so that it does not work over SSH or from a device management.

{{/privateCa}}
{{#selfSigned}}
For an administrator who sits at this Mac: since macOS 11 the system asks for a
password in a window, so that it does not work over SSH. It has to be repeated
whenever the server's certificate is renewed.

{{/selfSigned}}
It shows the fingerprint, and asks before it changes anything. A second run does
no harm.

  --fingerprint FP  the SHA-256 fingerprint that you were told: instead of the
                    question. If another one is in here, nothing is changed.
                    Again for each where there are several.
  --remove          take it out again
  --yes             do not ask
END_OF_USAGE
}

{{> client-roots.sh}}
[ $# -eq 0 ] || fail 64 "$1 is not expected here" "see: sh $program --help"

# SHA-1, by which older versions of `security` name a certificate. It chooses what is removed, and is no proof of anything.
sha1_of() {
  case $1 in
{{#roots}}
    {{number}}) echo {{thumbprint}} ;;
{{/roots}}
  esac
}
keychain=/Library/Keychains/System.keychain

[ "$(uname -s)" = Darwin ] || fail 69 "this is not a Mac" "Linux: install-linux.sh; Windows: install-windows.ps1"
if [ "$remove" = yes ]; then
  say "This takes what the mail server $host is trusted by out of $keychain:"
else
  say "This makes this Mac trust the mail server $host, by way of $keychain:"
fi
show_roots
[ "$(id -u)" = 0 ] || fail 77 "only an administrator can change the system's keychain" "run: sudo sh $program"
if [ "$remove" = yes ]; then
  confirm "Take it out?"
else
  confirm "{{^several}}Is this the fingerprint that your administrator told you?{{/several}}{{#several}}Are these the {{count}} fingerprints that your administrator told you?{{/several}}"
fi

work=$(mktemp -d "${TMPDIR:-/tmp}/mailcert.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'exit 1' HUP INT TERM
present() { security find-certificate -a -Z "$keychain" 2>/dev/null | grep -q "SHA-1 hash: $(sha1_of "$1")"; }

for number in $roots; do
  file=$work/$number.pem
  root "$number" >"$file"
  if [ "$remove" = no ]; then
    # Again where it is there already: the certificate may be, and its trust not.
    security add-trusted-cert -d -r trustRoot -k "$keychain" "$file" ||
      fail 1 "macOS did not take it" "sit at this Mac and give the password that it asks for{{#privateCa}}, or use ca.mobileconfig{{/privateCa}}"
    present "$number" || fail 1 "macOS said yes, and the certificate is not in $keychain" "look for it in Keychain Access"
  elif present "$number"; then
    # It has no settings of trust where it was only imported.
    security remove-trusted-cert -d "$file" || true
    security delete-certificate -Z "$(sha1_of "$number")" "$keychain" ||
      fail 1 "macOS did not remove it" "remove it in Keychain Access: keychain System, $(title_of "$number")"
  else
    say "not there: $(title_of "$number")"
  fi
done
if [ "$remove" = yes ]; then
  say "done: this Mac does not trust it any more"
else
  say "done: Mail trusts it when it is started again (Thunderbird has a list of its own: see README.txt)"
fi
