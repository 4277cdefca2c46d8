#!/bin/bash
# Builds what the lab lacks, and prints where everything lies, one NAME=PATH a line: bookworm, trixie (base images of mail hosts),
# pebble (folder with pebble and pebble-challtestsrv), zlint (folder with zlint), node (Node 20 for bookworm, whose own is older), and layers over trixie: clients
# (other ACME clients), neighbours (servers of news, chat, directories and files), testssl (testssl.sh), browser (Chromium, and a reader of PDF), stores (p11-kit, shellcheck), thunderbird (with a screen of its own), exim, cyrus, opensmtpd and courier (in the place of Postfix and Dovecot), and proxies (nginx, HAProxy, stunnel).
# and upgrade, a layer over bookworm: an archive of trixie's mail servers for its apt. Quick when all is there.
# tables, a layer over trixie: Postfix's SQLite client, sqlite3, setfacl. java: the same, with Java's runtime, keytool and a compiler. mailers: mail programs of the terminal. shells: zsh, fish and bash-completion, and what shows manual pages. lintian: the judge of packages. bookwormexim, bookwormopensmtpd, bookwormproxies: the same over bookworm.
# build.sh [part...] builds only these. Needs root on Debian, and this machine's own apt and npm settings; nothing else.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
lab=${MAILCERT_LAB:-/var/cache/mailcert-lab}
node_version=20.19.6
pebble_suite=forky # the first release whose pebble knows ARI and profiles
clients="certbot lego dehydrated"
neighbours="inn2 prosody slapd vsftpd"
testssl="testssl.sh bsdextrautils bind9-host"
browser="chromium fonts-dejavu-core poppler-utils"
stores="p11-kit p11-kit-modules shellcheck"
thunderbird="thunderbird xvfb"
exim="exim4-base exim4-config exim4-daemon-light"
proxies="nginx libnginx-mod-mail libnginx-mod-stream haproxy stunnel4"
bookwormproxies=$proxies
cyrus="cyrus-common cyrus-imapd cyrus-pop3d"
opensmtpd="opensmtpd"
courier="courier-base courier-imap courier-pop courier-mta courier-authdaemon courier-authlib"
tables="postfix-sqlite sqlite3 acl"
java="openjdk-21-jre-headless ecj" # a compiler a tenth of the size of Java's own
mailers="mutt msmtp isync fetchmail offlineimap3 alpine aerc"
lintian="lintian"
shells="bash-completion zsh fish man-db mandoc groff-base"
bookwormexim=$exim
bookwormopensmtpd=$opensmtpd
layers="clients neighbours testssl browser stores thunderbird exim cyrus opensmtpd courier proxies upgrade tables java mailers shells lintian bookwormexim bookwormopensmtpd bookwormproxies"
upgrade="dovecot-core dovecot-imapd dovecot-pop3d dovecot-lmtpd dovecot-managesieved postfix"
all="bookworm trixie pebble zlint node $layers"
# shellcheck disable=SC2086 # a list
[ $# -gt 0 ] || set -- $all

fail() {
  printf 'lab: error: %s\nlab: hint: %s\n' "$1" "$2" >&2
  exit 1
}

# A changed recipe has another name, so that it is built anew and older checkouts keep theirs.
path_of() {
  local recipe
  case $1 in
    bookworm | trixie) recipe=$(sha256sum <"$here/image.sh") ;;
    pebble) recipe=$(declare -f build_pebble | cat - <(echo "$pebble_suite") | sha256sum) ;;
    zlint) recipe=$(declare -f build_zlint | cat - <(echo "$pebble_suite") | sha256sum) ;;
    node) recipe=$(declare -f build_node | cat - <(echo "$node_version") | sha256sum) ;;
    clients | neighbours | testssl | browser | stores | thunderbird | exim | cyrus | opensmtpd | courier | proxies | tables | java | mailers | shells | lintian) recipe=$(declare -f build_layer | cat - <(echo "${!1}") "$here/image.sh" | sha256sum) ;;
    bookwormexim | bookwormopensmtpd | bookwormproxies) recipe=$(declare -f build_bookworm_layer merge_usr | cat - <(echo "${!1}") "$here/image.sh" | sha256sum) ;;
    upgrade) recipe=$(declare -f build_upgrade | cat - <(echo "$upgrade") "$here/image.sh" | sha256sum) ;;
    *) fail "there is no part of the lab called $1" "parts: $all" ;;
  esac
  echo "$lab/lab-$1-${recipe:0:12}"
}

# The archive that this machine's own apt uses; never written down here.
site() {
  local sites
  sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' 'Label: Debian' 2>/dev/null || true)
  [ -n "$sites" ] || sites=$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep '/debian/*$' || true)
  [ -n "$sites" ] || fail "apt knows no Debian archive on this machine" "add one to /etc/apt/sources.list.d and run: apt-get update"
  head -n 1 <<<"$sites"
}

# Each build_PART FOLDER fills a fresh folder; it is renamed into place only when it is complete.
build_image() { # suite folder
  # Namespaces of its own: what debootstrap mounts goes with it, however it ends. Its folder is named because it prefers a /debootstrap,
  # which an installation that was cut short leaves behind.
  DEBOOTSTRAP_DIR=/usr/share/debootstrap unshare --mount --propagation unchanged --uts --pid --fork --kill-child bash "$here/image.sh" "$1" "$2" "$(site)" ||
    { tail -n 5 "$2/debootstrap/debootstrap.log" || true; return 1; }
}
build_bookworm() { build_image bookworm "$1"; }
build_trixie() { build_image trixie "$1"; }

build_pebble() {
  local apt=$1/.apt options
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  chmod -R a+rX "$1" && chmod 777 "$apt" # apt drops its rights to download
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(site) $pebble_suite main" >"$apt/sources"
  options=(-o "Dir::Etc::sourcelist=$apt/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o Acquire::Languages=none -o Acquire::Retries=3
    -o Acquire::Check-Valid-Until=false) # a mirror of testing may be some days behind; the signature is checked all the same
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download pebble && dpkg -x pebble_*.deb x)
  cp "$apt/x/usr/bin/pebble" "$apt/x/usr/bin/pebble-challtestsrv" "$1/"
  rm -rf "$apt"
  "$1/pebble" -version
}

# The judge of certificates and lists; no release before that has it either.
build_zlint() {
  local apt=$1/.apt options
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  chmod -R a+rX "$1" && chmod 777 "$apt" # apt drops its rights to download
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(site) $pebble_suite main" >"$apt/sources"
  options=(-o "Dir::Etc::sourcelist=$apt/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o Acquire::Languages=none -o Acquire::Retries=3
    -o Acquire::Check-Valid-Until=false) # a mirror of testing may be some days behind; the signature is checked all the same
  apt-get "${options[@]}" update
  (cd "$apt" && apt-get "${options[@]}" download zlint && dpkg -x zlint_*.deb x)
  cp "$apt/x/usr/bin/zlint" "$1/"
  rm -rf "$apt"
  "$1/zlint" -version
}

build_node() {
  local arch
  case $(uname -m) in x86_64) arch=x64 ;; aarch64) arch=arm64 ;; *) arch=$(uname -m) ;; esac
  (cd "$1" && npm pack "node-linux-$arch@$node_version" && tar -xzf ./*.tgz && cp package/bin/node node && rm -rf package ./*.tgz)
  "$1/node" --version
}

# What their packages hold, and all that trixie's image lacks for them: unpacked, not installed, for no script of theirs is needed.
build_layer() { # folder package...
  local apt=$1/.apt options base package
  base=$(path_of trixie)
  [ -e "$base/var/lib/dpkg/status" ] || { echo "build trixie first" >&2; return 1; }
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
  chmod -R a+rX "$1" && chmod 777 "$apt" "$apt/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(site) trixie main" >"$apt/sources"
  options=(-o "Dir::Etc::sourcelist=$apt/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::State::status=$base/var/lib/dpkg/status" -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Install-Recommends=false)
  apt-get "${options[@]}" update
  apt-get "${options[@]}" --yes --download-only install "${@:2}"
  for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$1"; done
  rm -rf "$apt"
  # A real folder would hide the image's own link to /usr.
  for package in bin sbin lib lib64 var/run var/lock; do [ ! -e "$1/$package" ]; done
  chmod 755 "$1"
}
# bookworm's packages still have folders that are links in an image: their content goes where the link leads.
merge_usr() { # folder
  local folder
  for folder in bin sbin lib; do
    [ -d "$1/$folder" ] || continue
    mkdir -p "$1/usr/$folder" && cp -a "$1/$folder/." "$1/usr/$folder/" && rm -r "${1:?}/$folder"
  done
}
# The same over bookworm. Made from that text, which must stay as it is: it gives the layers over trixie their names.
eval "$(declare -f build_layer | sed '1s/build_layer/build_bookworm_layer/; s/\btrixie\b/bookworm/g; s/^\( *\)rm -rf "$apt";*$/&\n\1merge_usr "$1"/')"
# shellcheck disable=SC2086 # lists
build_clients() { build_layer "$1" $clients; }
# shellcheck disable=SC2086
build_neighbours() { build_layer "$1" $neighbours; }
# shellcheck disable=SC2086
build_exim() { build_layer "$1" $exim; }
# shellcheck disable=SC2086
build_proxies() { build_layer "$1" $proxies; }
# shellcheck disable=SC2086
build_bookwormproxies() { build_bookworm_layer "$1" $bookwormproxies; }
# shellcheck disable=SC2086
build_cyrus() { build_layer "$1" $cyrus; }
# shellcheck disable=SC2086
build_opensmtpd() { build_layer "$1" $opensmtpd; }
# shellcheck disable=SC2086
build_courier() { build_layer "$1" $courier; }
# shellcheck disable=SC2086
build_tables() { build_layer "$1" $tables; }
# shellcheck disable=SC2086
build_java() { build_layer "$1" $java; }
# shellcheck disable=SC2086
build_mailers() { build_layer "$1" $mailers; }
# shellcheck disable=SC2086
build_lintian() { build_layer "$1" $lintian; }
# shellcheck disable=SC2086
build_shells() { build_layer "$1" $shells; }
# shellcheck disable=SC2086
build_bookwormexim() { build_bookworm_layer "$1" $bookwormexim; }
# shellcheck disable=SC2086
build_bookwormopensmtpd() { build_bookworm_layer "$1" $bookwormopensmtpd; }
# shellcheck disable=SC2086
build_testssl() { build_layer "$1" $testssl; }
# shellcheck disable=SC2086
build_browser() { build_layer "$1" $browser; }
# shellcheck disable=SC2086
build_stores() { build_layer "$1" $stores; }
# shellcheck disable=SC2086
build_thunderbird() { build_layer "$1" $thunderbird; }

# What bookworm's own apt takes to get trixie's mail servers, without a network: the packages and their list, in /opt/upgrade.
build_upgrade() { # folder
  local apt=$1/.apt archive=$1/opt/upgrade options base package
  base=$(path_of bookworm)
  [ -e "$base/var/lib/dpkg/status" ] || { echo "build bookworm first" >&2; return 1; }
  mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" "$archive"
  chmod -R a+rX "$1" && chmod 777 "$apt" "$apt/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(site) trixie main" >"$apt/sources"
  options=(-o "Dir::Etc::sourcelist=$apt/sources" -o Dir::Etc::sourceparts=- -o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
    -o "Dir::State::status=$base/var/lib/dpkg/status" -o Acquire::Languages=none -o Acquire::Retries=3 -o APT::Install-Recommends=false)
  apt-get "${options[@]}" update
  # shellcheck disable=SC2086 # a list
  apt-get "${options[@]}" --yes --download-only install $upgrade
  mv "$apt"/cache/archives/*.deb "$archive/"
  for package in "$archive"/*.deb; do
    dpkg-deb --field "$package"
    printf 'Filename: ./%s\nSize: %s\nSHA256: %s\n\n' "${package##*/}" "$(stat -c %s "$package")" "$(sha256sum <"$package" | cut -c1-64)"
  done >"$archive/Packages"
  rm -rf "$apt"
  chmod 755 "$1"
}

# What the builds themselves need from this machine.
need_tools() {
  local missing=() tool
  [ "$(id -u)" = 0 ] || fail "the lab is built and run as root: it makes namespaces and mounts" \
    "run this as root (sudo npm test), or on a machine that cannot: npm run test:unit"
  command -v apt-get >/dev/null && [ -e /etc/debian_version ] || fail "the lab is built from Debian's packages, and this is not Debian" \
    "run it on Debian 12 or later, or here: npm run test:unit"
  for tool in debootstrap:debootstrap gpgv:gpgv unshare:util-linux nsenter:util-linux setpriv:util-linux openssl:openssl; do
    command -v "${tool%%:*}" >/dev/null || missing+=("${tool##*:}")
  done
  [ -e /usr/share/keyrings/debian-archive-keyring.gpg ] || missing+=(debian-archive-keyring)
  [ -e /etc/ssl/certs/ca-certificates.crt ] || missing+=(ca-certificates)
  local lists
  lists=$(apt-get indextargets --format '$(FILENAME)' 'Created-By: Packages' 2>/dev/null || true)
  if [ ${#missing[@]} -gt 0 ] || [ -z "$lists" ]; then
    echo "lab: apt-get update" >&2
    apt-get update >"$lab/apt.log" 2>&1 || { tail -n 5 "$lab/apt.log" >&2; fail "apt-get update failed" "see $lab/apt.log"; }
  fi
  [ ${#missing[@]} = 0 ] && return
  echo "lab: apt-get install ${missing[*]}" >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}" >"$lab/apt.log" 2>&1 ||
    { tail -n 5 "$lab/apt.log" >&2; fail "apt-get install ${missing[*]} failed" "see $lab/apt.log"; }
}

missing_parts() {
  local part
  for part; do [ -e "$(path_of "$part")" ] || echo "$part"; done
}

build_part() { # part
  local fresh target
  target=$(path_of "$1") fresh=$(mktemp -d "$lab/.building.XXXXXX")
  chmod 755 "$fresh"
  echo "lab: building $1 (log: $lab/$1-build.log)" >&2
  # `set -e` holds inside only where no condition stands outside.
  bash -c 'set -euo pipefail; exec 9>&-; source "$1"; "build_$2" "$3"' lab "$here/build.sh" "$1" "$fresh" >"$lab/$1-build.log" 2>&1 </dev/null ||
    return 1 # who asks `build_part ||` has switched `set -e` off in here
  sync -f "$fresh" 2>/dev/null || true
  mv -T "$fresh" "$target"
}

# Sourced by build_part for its functions.
[ "${BASH_SOURCE[0]}" = "$0" ] || return 0

# A bare chroot: neither builds nor hosts do without.
[ -e /proc/self/ns/mnt ] || mount -t proc proc /proc 2>/dev/null || fail "/proc is not mounted" "mount -t proc proc /proc"

mapfile -t todo < <(missing_parts "$@")
if [ ${#todo[@]} -gt 0 ]; then
  mkdir -p "$lab" 2>/dev/null || fail "cannot make $lab" "run this as root, or name a writable folder in MAILCERT_LAB"
  [ -w "$lab" ] || fail "cannot write to $lab" "run this as root, or name a writable folder in MAILCERT_LAB"
  exec 9>"$lab/.lock"
  flock -n 9 || { echo "lab: waiting for another build" >&2 && flock 9; }
  mapfile -t todo < <(missing_parts "$@") # the other build may have made it
  if [ ${#todo[@]} -gt 0 ]; then
    need_tools
    rm -rf "$lab"/.building.* # left by builds that were killed: we hold the lock
    declare -A jobs=()
    failed=()
    for part in "${todo[@]}"; do
      [[ " $layers " == *" $part "* ]] && continue
      build_part "$part" &
      jobs[$part]=$!
    done
    for part in "${!jobs[@]}"; do wait "${jobs[$part]}" || failed+=("$part"); done
    # Resolved against the image below them.
    for part in $layers; do
      if [[ " ${todo[*]} " == *" $part "* && ${#failed[@]} = 0 ]]; then build_part "$part" || failed+=("$part"); fi
    done
    for part in "${failed[@]}"; do
      echo "lab: $part could not be built; the end of $lab/$part-build.log:" >&2
      tail -n 15 "$lab/$part-build.log" >&2
    done
    [ ${#failed[@]} = 0 ] || fail "could not build ${failed[*]}" "mend what the log says, then: bash $here/build.sh ${failed[*]}"
  fi
  exec 9>&-
fi
for part; do echo "$part=$(path_of "$part")"; done
