// The folder name of a CA below `accounts/`: readable, one for each directory URL.
import { sha256Hex } from "./fingerprint.ts";

/** `https://acme-v02.api.letsencrypt.org/directory` -> `acme-v02.api.letsencrypt.org`; anything beyond host and `/directory` adds to it. */
export const caFolder = (directory: string): string => {
  const { host, pathname, search } = new URL(directory);
  const plain = pathname === "/directory" || pathname === "/dir" ? "" : pathname;
  const readable = `${host}${plain}`
    .toLowerCase()
    .replaceAll(/[^a-z0-9.-]+/g, "_")
    .replaceAll(/^[._-]+|[._-]+$/g, "")
    .slice(0, 100);
  const simple = pathname === "/directory" && search === "" && readable === host;
  // Two URLs must never share a folder, whatever the replacement above made equal.
  return simple ? readable : `${readable}-${sha256Hex(Buffer.from(directory)).slice(0, 8)}`;
};
