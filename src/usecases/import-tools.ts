// What import needs of the outside world: other clients' folders, and the accounts of our own.
import type { Importing } from "../importers/find.ts";
import type { AdoptableAccount, Adoption } from "../issuers/acme/adopt-account.ts";

export interface ImportTools extends Importing {
  /** What `adopt` would do; changes nothing. */
  readonly adoption: (account: AdoptableAccount) => Promise<Adoption>;
  readonly adopt: (account: AdoptableAccount) => Promise<Adoption>;
  /** For our account of a CA's rate limits: these names have a certificate of that time, whose renewal is exempt from some. */
  readonly noteIssued: (directory: string, names: readonly string[], issued: Date) => Promise<void>;
}
