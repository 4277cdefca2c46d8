// What every server adapter is given: nothing else of the outside world reaches it, besides the files that it reads and replaces.
import type { Hook } from "../domain/hook.ts";
import type { RunProgram } from "../system/run.ts";
import type { RenderTemplate } from "../system/templates.ts";
import type { Change } from "./server.ts";

export interface ServerDependencies {
  readonly run: RunProgram;
  readonly render: RenderTemplate;
  /** Whether the kernel has IPv6 at all; where not, `::` listeners do not exist whatever the configuration says. */
  readonly ipv6: () => Promise<boolean>;
  /** Addresses of this host, loopback among them; absent: none are known. */
  readonly localAddresses?: () => readonly string[];
  /** Changes that the log has of an installation, of all times; absent, or where it cannot be read: none are known. */
  readonly made?: (installation: string) => Promise<readonly Change[]>;
  /** Login by client certificates, as the configuration wants it: `file` has the CA and its lists; `unreadable`: nobody can tell. Absent: nobody asked for it. */
  readonly clientLogin?: () => Promise<{ readonly file: string; readonly require: boolean } | "unreadable" | undefined>;
  /** The fingerprints of client certificates that Postfix's submission services relay for: a file; `unreadable`: nobody can tell. Absent: nobody asked for it. */
  readonly clientRelay?: () => Promise<{ readonly map: string } | "unreadable" | undefined>;
  /** The folder of such files, of whichever CA, with a slash behind it; absent: nobody knows. */
  readonly clientMaps?: string;
  /** Changes of an installation that the log has as in force, oldest first; absent, or where it cannot be read: none are known. */
  readonly inForce?: (installation: string) => Promise<readonly Change[]>;
  /** The program that gets the rows of Postfix's SNI map, where the configuration names one; `unreadable`: nobody can tell. Absent: none does. */
  readonly sniRows?: () => Promise<Hook | "unreadable" | undefined>;
}
