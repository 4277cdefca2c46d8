// What an adapter tells of a setting that keeps ours from being served.
import type { Change } from "./server.ts";

/** A place where another setting wins over ours, found by reading the effective configuration back. */
export interface Override {
  /** For whom it wins: `protocol imap`, `local_name mail.example.org`, `everything`. */
  readonly scope: string;
  readonly path: string;
  readonly line?: number;
  /** `setting` is not there yet: nothing wins, and without it nothing of ours is read. */
  readonly missing?: true;
  /** The setting as it stands there: `ssl_cert = </etc/ssl/old.pem`. */
  readonly setting: string;
  /** What keeps ours from being served, a clause without the server's name; absent: `setting` wins over it. */
  readonly why?: string;
  /** Who else gets another certificate by the edit, a clause; absent: nobody. */
  readonly loses?: string;
  /** What to do where there is no edit, a sentence; absent: take the setting out. */
  readonly mend?: string;
  /** The certificate (by name) whose clients do not get it; absent: everybody's, or that of everybody who asks for no known name. */
  readonly certificate?: string;
  /** Clients are served there all the same, as somebody meant it: left as it is, it is told, and nothing is missed. */
  readonly bearable?: true;
  /** The edit that would let ours win; done only after a yes. */
  readonly edit: readonly Change[];
}
