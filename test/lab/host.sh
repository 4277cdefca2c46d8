#!/bin/bash
# Turns a fresh set of namespaces (unshare --net --mount --uts --ipc --pid --fork) into one throw-away mail host, and becomes its PID 1:
# host.sh IMAGE PEBBLE NODE|- IPV6 [systemd]. Prints "ready PID" once it is up, and ends with everything in it when its standard input ends,
# so that a test that crashes leaves nothing: no process, no mount (all lie on a tmpfs that only this namespace sees), no folder.
set -eu
image=$1 pebble=$2 node=$3 ipv6=$4 init=${5:-perl}
read -r pid _ </proc/self/stat # our id as the test sees it: this /proc is still the test's

# A folder under /proc is a place to mount on that is always there, and private without changing a mount that others share: "/" need
# not be a mount point of its own (a plain chroot), and may be shared with the rest of the machine.
mount --make-private /proc
for base in /proc/tty /proc/fs /proc/sys; do [ -d "$base" ] && break; done
mount -t tmpfs -o mode=755 lab "$base"
root=$base/root
mkdir "$root" "$base/upper" "$base/work"
layers=lowerdir=$image,upperdir=$base/upper,workdir=$base/work
# With redirect_dir folders of the image can be renamed, as on a real disk.
mount -t overlay overlay -o "$layers,redirect_dir=on" "$root" 2>/dev/null || mount -t overlay overlay -o "$layers" "$root"
mount -t proc proc "$root/proc"

# Devices of its own: a test running as root cannot reach this machine's disks.
mount -t tmpfs -o mode=755 dev "$root/dev"
mkdir "$root/dev/pts" "$root/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 shm "$root/dev/shm"
ln -s pts/ptmx "$root/dev/ptmx" && ln -s /proc/self/fd "$root/dev/fd"
ln -s /proc/self/fd/0 "$root/dev/stdin" && ln -s /proc/self/fd/1 "$root/dev/stdout" && ln -s /proc/self/fd/2 "$root/dev/stderr"
for device in "null 1 3" "zero 1 5" "full 1 7" "random 1 8" "urandom 1 9" "tty 5 0"; do
  read -r name major minor <<<"$device"
  mknod -m 666 "$root/dev/$name" c "$major" "$minor"
done

[ "$init" = perl ] || mount -t tmpfs -o mode=755 run "$root/run" # as systemd wants it, before the second network is kept there
mkdir -p "$root/opt/pebble" "$root/run/netns"
mount --bind "$pebble" "$root/opt/pebble" && mount -o remount,bind,ro "$root/opt/pebble"
if [ "$node" != - ]; then
  touch "$root/usr/local/bin/node"
  mount --bind "$node" "$root/usr/local/bin/node" && mount -o remount,bind,ro "$root/usr/local/bin/node"
fi

# A second machine on the wire: Dovecot takes a connection whose two ends have one address for a secured one.
touch "$root/run/netns/client"
# Not `unshare --net=FILE`: it looks its own id up in this /proc, which is another PID namespace's, and would take a stranger's network.
unshare --net mount --bind /proc/self/ns/net "$root/run/netns/client"
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
chroot "$root" ip -batch - <<'IP'
link set lo up
link add eth0 type veth peer name outside
link set outside netns client
addr add 192.0.2.10/24 dev eth0
link set eth0 up
IP
nsenter --net="$root/run/netns/client" chroot "$root" ip -batch - <<'IP'
link set lo up
link set outside name eth0
addr add 192.0.2.20/24 dev eth0
link set eth0 up
IP
if [ "$ipv6" = yes ]; then
  chroot "$root" ip addr add 2001:db8::10/64 dev eth0 nodad
  nsenter --net="$root/run/netns/client" chroot "$root" ip addr add 2001:db8::20/64 dev eth0 nodad
fi
hostname mail.example.org

[ "$init" = perl ] || exec bash "$(dirname "${BASH_SOURCE[0]}")/systemd-init.sh" "$root"

# PID 1: reaps what it inherits (the kernel does, for who ignores SIGCHLD), writes down what is logged, ends at the end of input.
# Its root is the host's, so that `nsenter --root` finds it.
exec chroot "$root" /usr/bin/env -i PATH="$PATH" perl -e '
  use strict; use Socket; use IO::Handle;
  $SIG{CHLD} = "IGNORE";
  my $log;
  socket($log, AF_UNIX, SOCK_DGRAM, 0) && bind($log, pack_sockaddr_un("/dev/log")) || die "/dev/log: $!";
  chmod 0666, "/dev/log";
  open(my $file, ">>", "/var/log/mail.log") || die "mail.log: $!";
  $file->autoflush; STDOUT->autoflush;
  print "ready $ARGV[0]\n";
  for (;;) {
    my $ready = ""; vec($ready, 0, 1) = 1; vec($ready, fileno $log, 1) = 1;
    next if select($ready, undef, undef, undef) < 0;
    if (vec($ready, fileno $log, 1) && defined recv($log, my $line, 65536, 0)) {
      $line =~ s/^<\d+>//; $line =~ s/[\0\n]+\z//;
      print $file "$line\n" if -s $file < 16e6;
    }
    exit 0 if vec($ready, 0, 1) && !sysread(STDIN, my $rest, 4096);
  }' "$pid"
