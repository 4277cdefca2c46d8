// Stands for node:child_process in commander, which runs programs as sub-commands with it; mailcert has none, and Node needs 4 ms to load it (bin/build.js).

export const spawn = (): never => {
  throw new Error("commander runs no programs in mailcert");
};
