#!/bin/bash
# The recipe of a base image: image.sh SUITE FOLDER ARCHIVE. A Debian mail host called mail.example.org as `apt install postfix
# dovecot-imapd ...` leaves it ("Internet Site"), a mail user, and the tools that judge it. Run by build.sh in namespaces of its own.
set -euo pipefail
suite=$1 image=$2 archive=$3
hostname mail.example.org # what the packages' scripts see
script=/usr/share/debootstrap/scripts/$suite
[ -e "$script" ] || script=/usr/share/debootstrap/scripts/sid
servers=dovecot-imapd,dovecot-pop3d,dovecot-lmtpd,dovecot-managesieved,postfix,ssl-cert
judges=ca-certificates,openssl,gnutls-bin,curl,libnss3-tools,libxml2-utils,python3,systemd
dns=knot,knot-dnsutils,unbound # a signed zone and the resolver that validates it
tools=nodejs,procps,iproute2,util-linux,strace,netcat-openbsd,faketime,perl
export DEBIAN_FRONTEND=noninteractive
debootstrap --variant=minbase --include="$servers,$judges,$dns,$tools" "$suite" "$image" "$archive" "$script"

echo mail.example.org >"$image/etc/hostname"
cat >"$image/etc/hosts" <<HOSTS
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
192.0.2.10 mail.example.org mail
HOSTS
echo "nameserver 127.0.0.1" >"$image/etc/resolv.conf"

# Unattended, debootstrap leaves Postfix without the answers a person gives: give them, and let its own scripts write main.cf.
rm -f "$image/etc/postfix/main.cf"
chroot "$image" debconf-set-selections <<'ANSWERS'
postfix postfix/main_mailer_type select Internet Site
postfix postfix/mailname string mail.example.org
postfix postfix/destinations string $myhostname, mail.example.org, localhost.example.org, localhost
ANSWERS
printf '#!/bin/sh\nexit 101\n' >"$image/usr/sbin/policy-rc.d" && chmod 755 "$image/usr/sbin/policy-rc.d"
chroot "$image" dpkg-reconfigure --frontend=noninteractive postfix
rm -f "$image/usr/sbin/policy-rc.d"
# A host has no DNS unless a test starts it.
chroot "$image" systemctl --quiet disable knot unbound

# The mail user. Debian's Dovecot asks PAM and Debian's Postfix delivers to /var/mail, so that no setting is needed.
chroot "$image" useradd --create-home --shell /bin/bash alice
echo alice:alice-secret | chroot "$image" chpasswd

rm -rf "$image"/var/cache/apt/archives/*.deb "$image"/var/lib/apt/lists/* "$image"/debootstrap
chmod 755 "$image"
