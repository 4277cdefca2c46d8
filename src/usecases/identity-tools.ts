// What handing a client certificate to a person needs of the outside world: a PKCS#12 writer, files that root alone reads.

export interface IdentityTools {
  /** A PKCS#12 file. `compatible`: read by every system; `modern`: AES-256 and SHA-256. */
  readonly write: (identity: {
    /** PKCS#8 PEM. */
    readonly key: string;
    readonly leaf: string;
    readonly chain: readonly string[];
    readonly password: string;
    readonly friendlyName: string;
    readonly form: "compatible" | "modern";
  }) => Uint8Array;
  /** Makes the folder where it is missing (0700). @throws Failure `cannot-create` where root would write into one that somebody else can change. */
  readonly prepare: (folder: string) => Promise<void>;
  readonly exists: (path: string) => Promise<boolean>;
  /** 0600, durable, whole or not at all; false: something is there already. */
  readonly create: (path: string, content: string | Uint8Array) => Promise<boolean>;
  readonly random: (count: number) => Uint8Array;
}
