# The certificates, with the fingerprint that each must have.
roots="{{#roots}}{{number}} {{/roots}}"
title_of() {
  case $1 in
{{#roots}}
    {{number}}) printf '%s\n' {{title}} ;;
{{/roots}}
  esac
}
sha256_of() {
  case $1 in
{{#roots}}
    {{number}}) echo {{sha256}} ;;
{{/roots}}
  esac
}
root() {
  case $1 in
{{#roots}}
    {{number}})
      cat <<'END_OF_CERTIFICATE'
-----BEGIN CERTIFICATE-----
{{#lines}}
{{.}}
{{/lines}}
-----END CERTIFICATE-----
END_OF_CERTIFICATE
      ;;
{{/roots}}
  esac
}

say() { printf '%s\n' "$*"; }
fail() { # status sentence [what to do]
  printf '%s: error: %s\n' "$program" "$2" >&2
  [ $# -lt 3 ] || printf '%s: hint: %s\n' "$program" "$3" >&2
  exit "$1"
}
has() { command -v "$1" >/dev/null 2>&1; }

usage() {
  introduction
  cat <<'END_OF_USAGE'

  --fingerprint FP  the SHA-256 fingerprint that you were told: instead of the
                    question. If another one is in here, nothing is changed.
                    Again for each where there are several.
  --remove          take it out again
  --yes             do not ask
END_OF_USAGE
}

# What lies between the lines of a PEM file, as one word.
body() { sed -n '/^-----BEGIN CERTIFICATE-----/,/^-----END CERTIFICATE-----/{/^-----/d;p;}' | tr -d ' \r\n'; }
decode() {
  if printf 'QQ==' | base64 -d >/dev/null 2>&1; then base64 -d
  elif printf 'QQ==' | base64 -D >/dev/null 2>&1; then base64 -D
  else openssl base64 -d -A
  fi
}
digest() {
  if has sha256sum; then sha256sum
  elif has shasum; then shasum -a 256
  else openssl dgst -sha256 -r
  fi | cut -c 1-64
}
colons() { tr 'a-f' 'A-F' | sed 's/../&:/g; s/:$//'; }

remove=no yes=no given=
while [ $# -gt 0 ]; do
  case $1 in
    --remove) remove=yes ;;
    --yes) yes=yes ;;
    --fingerprint)
      [ $# -gt 1 ] || fail 64 "--fingerprint needs the SHA-256 fingerprint behind it" "see: sh $program --help"
      shift
      given="$given $(printf '%s' "$1" | tr -d ': ' | tr 'A-F' 'a-f')"
      ;;
    --help)
      usage
      exit 0
      ;;
    -*) fail 64 "there is no option $1" "see: sh $program --help" ;;
    *) break ;;
  esac
  shift
done

# Says what is in here, by the certificates themselves and not by what is written beside them.
show_roots() {
  for number in $roots; do
    found=$(root "$number" | body | decode | digest)
    [ "$found" = "$(sha256_of "$number")" ] ||
      fail 65 "this file was damaged on its way: a certificate in it has the fingerprint $found" "fetch it again"
    say ""
    say "  $(title_of "$number")"
    say "  SHA-256  $(printf '%s' "$found" | colons)"
    if [ -n "$given" ]; then
      case " $given " in
        *" $found "*) ;;
{{#several}}
        *) fail 65 "this one is not among the fingerprints that you gave: nothing was changed" \
          "there are {{count}} certificates in here, and --fingerprint goes with each: ask your administrator for all of them" ;;
{{/several}}
{{^several}}
        *) fail 65 "this is not the fingerprint that you gave: nothing was changed" \
          "ask your administrator for it, by telephone or in person, and fetch the file again" ;;
{{/several}}
      esac
    fi
  done
  say ""
}

confirm() { # question
  if [ "$yes" = yes ] || [ -n "$given" ]; then return 0; fi
  [ -t 0 ] || fail 64 "there is nobody to ask" "name the fingerprint that you were told: --fingerprint AA:BB:..., or --yes"
  printf '%s [y/N] ' "$1"
  read -r answer || answer=
  case $answer in
    y | Y | yes | Yes | YES) ;;
    *) fail 1 "nothing was changed" ;;
  esac
}
ask() {
  if [ "$remove" = yes ]; then
    confirm "Take it out?"
  else
    confirm "{{^several}}Is this the fingerprint that your administrator told you?{{/several}}{{#several}}Are these the {{count}} fingerprints that your administrator told you?{{/several}}"
  fi
}
