// What each system call of a run means for the sweep. A call that stands in none of these lists fails the recording, so that no class of
// changes is left out by having been forgotten.
const words = (...lines: readonly string[]): ReadonlySet<string> => new Set(lines.join(" ").split(" "));

/** They change a file, a folder, or what the file system says of one. */
export const changing = words(
  "open openat openat2 creat mknod mknodat write writev pwrite64 pwritev pwritev2 copy_file_range sendfile splice",
  "rename renameat renameat2 link linkat symlink symlinkat unlink unlinkat rmdir mkdir mkdirat truncate ftruncate fallocate",
  "chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat",
  "setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr fsync fdatasync sync syncfs sync_file_range msync",
);

/** They start a process, or a thread. */
export const starting = words("clone clone3 fork vfork");

/** They read, wait, talk to a socket, or are about this process alone. */
const harmless = words(
  "read readv pread64 preadv preadv2 close close_range lseek stat fstat lstat newfstatat statx fstatfs statfs access faccessat faccessat2",
  "readlink readlinkat getdents getdents64 getcwd chdir fchdir getxattr lgetxattr fgetxattr listxattr llistxattr flistxattr inotify_init1 inotify_add_watch",
  "dup dup2 dup3 fcntl flock ioctl pipe pipe2 eventfd2 fadvise64 readahead mmap epoll_create1 epoll_ctl epoll_wait epoll_pwait epoll_pwait2",
  "poll ppoll select pselect6 socket socketpair bind listen accept accept4 connect getsockname getpeername getsockopt setsockopt shutdown",
  "sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg execve exit exit_group wait4 waitid kill tkill tgkill arch_prctl pidfd_open umask",
  // libuv's ring for epoll_ctl alone (Node 20 of Debian 13).
  "io_uring_setup io_uring_enter io_uring_register",
);

/** Harmless by name, but these would be changes: a mapping that is written back to its file, blocks cloned or flags set by ioctl, libuv's other ring, for file work. */
const hiddenChange = (call: string, args: string): boolean =>
  (call === "mmap" && /PROT_WRITE[^,]*, MAP_SHARED[^,]*, \d+<\//.test(args)) ||
  (call === "io_uring_setup" && /flags=[^,]*SQPOLL/.test(args)) ||
  (call === "ioctl" && /FICLONE|FIDEDUPERANGE|FS_IOC_(SET|FSSET)/.test(args));

/** @throws Error for a call that the sweep knows nothing about. */
export const expectKnown = (call: string, args: string): void => {
  if (hiddenChange(call, args)) throw new Error(`a change that the sweep has no point for: ${call}(${args}`);
  if (!changing.has(call) && !starting.has(call) && !harmless.has(call))
    throw new Error(`is ${call} a change of a file? Add it to a list in calls.ts: ${call}(${args}`);
};
