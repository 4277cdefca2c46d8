#!/bin/bash
# The last step of host.sh for a host whose PID 1 is systemd: systemd-init.sh ROOT. Boots ROOT in PID, mount and cgroup namespaces inside
# those that host.sh was given, prints "ready PID" (systemd's, as the test sees it), and stays outside as the one who ends it all when
# standard input ends: systemd itself would not notice. Little boots: what sysinit.target and basic.target want; servers are started by name.
set -eu
root=$1

# In a chroot "/" is no mount point, and neither unshare nor pivot_root has anything to work on: it becomes one, seen from in here alone.
if ! mountpoint -q /; then
  slash=$(dirname "$root")/slash
  mkdir "$slash"
  mount --make-private "$(dirname "$root")"
  mount --rbind / "$slash"
  mount --make-rprivate "$slash"
  exec chroot "$slash" bash "$0" "$@"
fi
exec 3<&0 </dev/null

# A cgroup of its own in the machine's v2 tree, wherever (and whether) that is mounted: systemd rearranges what lies below its root.
# Those that killed hosts left behind are empty, and go; an empty one of just now is a host that starts.
cgroups=$(dirname "$root")/cgroups
mkdir "$cgroups"
mount -t cgroup2 cgroup2 "$cgroups"
remove_cgroup() { find "$1" -depth -type d -exec rmdir {} + 2>/dev/null || true; }
find "$cgroups" -maxdepth 1 -name 'mailcert-lab.*' -mmin +2 | while read -r old; do
  grep -qs '^populated 0' "$old/cgroup.events" && remove_cgroup "$old"
done || true
cgroup=$(mktemp -d "$cgroups/mailcert-lab.XXXXXX")
mkdir "$cgroup/host" "$cgroup/outside"

# Of no use in a host that lives for seconds, or not to be had without hardware, a console, or a network manager.
units=$root/run/systemd/system
mkdir -p "$units"
for unit in systemd-udevd.service systemd-udev-trigger.service systemd-udevd-{control,kernel}.socket systemd-hwdb-update.service \
  systemd-networkd.service systemd-resolved.service systemd-timesyncd.service systemd-logind.service systemd-sysctl.service \
  dev-hugepages.mount dev-mqueue.mount sys-kernel-{config,debug,tracing}.mount sys-fs-fuse-connections.mount modprobe@.service \
  ldconfig.service systemd-journal-catalog-update.service systemd-sysusers.service systemd-update-done.service \
  apt-daily{,-upgrade}.timer dpkg-db-backup.timer e2scrub_all.timer fstrim.timer systemd-tmpfiles-clean.timer; do
  ln -s /dev/null "$units/$unit"
done
printf '[Unit]\nDescription=The lab'\''s host\nRequires=basic.target\nAfter=basic.target\n' >"$units/lab.target"

inside() {
  # Our own id as the test sees it: this /proc is still the test's.
  read -r pid _ </proc/self/stat
  echo "$pid" >"$1/run/lab-pid"
  until [ -e "$1/run/lab-go" ]; do sleep 0.01; done
  rm "$1"/run/lab-*
  mount -t proc proc "$1/proc"
  # The kernel's own settings are this machine's, not the host's.
  for path in "$1/proc/sys" "$1/proc/sysrq-trigger"; do
    [ ! -e "$path" ] || { mount --bind "$path" "$path" && mount -o remount,bind,ro "$path"; }
  done
  mount -t sysfs -o ro sysfs "$1/sys"
  mount -t cgroup2 cgroup2 "$1/sys/fs/cgroup"
  # A root of its own: systemd, and the units' own mount namespaces, stand on "/" being a mount point with nothing around it.
  mkdir "$1/run/outside"
  cd "$1"
  pivot_root . run/outside
  exec chroot . /bin/sh -c 'umount -l /run/outside && rmdir /run/outside && exec env -i PATH="$PATH" container=mailcert-lab \
    setpriv --bounding-set=-sys_module,-sys_rawio,-sys_time,-sys_boot,-mac_admin,-mac_override \
    /lib/systemd/systemd --system --unit=lab.target --show-status=no'
}
export -f inside
(
  echo 0 >"$cgroup/host/cgroup.procs"
  exec unshare --mount --pid --cgroup --fork --kill-child bash -euc 'inside "$1"' systemd "$root" 3<&-
) >&2 &
child=$!
(while read -r -u 3 _; do :; done) & # until standard input ends
watch=$!
exec 3<&-

wait_for() { # test what
  local tries=0
  until test "$1" "$2"; do
    kill -0 "$child" || exit 1
    [ $((tries += 1)) -le 1000 ] || { echo "systemd does not start: there is no $2" >&2 && exit 1; }
    sleep 0.02
  done
}
wait_for -s "$root/run/lab-pid"
pid=$(<"$root/run/lab-pid")
# The one that waits for systemd must not stay beside it: a cgroup with processes of its own hands no controllers on.
echo "$child" >"$cgroup/outside/cgroup.procs"
touch "$root/run/lab-go"
wait_for -S "$root/run/systemd/private"
run() { nsenter "--target=$pid" --mount --pid --root --wd env "PATH=$PATH" "$@"; }
if ! state=$(run timeout 30 systemctl is-system-running --wait); then
  echo "systemd says: $state" >&2
  run systemctl --no-pager --full --failed >&2
  run journalctl --no-pager --lines=40 --output=short-monotonic >&2
  exit 1
fi
echo "ready $pid"
wait -n "$watch" "$child" || true
exec 2>/dev/null
kill -KILL "$child" || true
wait "$child" || true
# The kernel takes a moment to end what was in it.
tries=0
while [ -d "$cgroup" ] && [ $((tries += 1)) -le 100 ]; do
  remove_cgroup "$cgroup"
  sleep 0.02
done
