// What bundle needs of the outside world: the formats, templates, a folder, randomness.
import type { Bundle } from "../bundles/bundle.ts";
import type { BundleFormat } from "../domain/bundle-formats.ts";

/** The folder's files as the use case sees them; system/bundle-folder.ts is the real one. */
interface BundleFolder {
  /** Waits until no other run fills the folder; the caller calls what it returns at the end. @throws Failure `try-later` where another does not end. */
  claim(folder: string): Promise<() => Promise<void>>;
  /** @throws Failure `cannot-create` where root would write into a folder that somebody else can change. */
  refuseUnsafe(folder: string): Promise<void>;
  /** `foreign`: something that is not a plain file. */
  read(path: string): Promise<Uint8Array | "absent" | "foreign">;
  /** Atomic, 0644; makes the folder (0755) where it is missing. After a power cut either of the two may be there, until `settle`. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** What was written into the folder and removed from it survives a power cut from now on. */
  settle(folder: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Where a path leads, links followed; the path itself where nothing is there. */
  real(path: string): Promise<string>;
}

export interface BundleDeps {
  readonly formats: Readonly<Record<BundleFormat, () => Promise<Bundle>>>;
  /** Fills a template, escaped for what its ending says it is. */
  readonly render: (template: string, view: object) => string;
  readonly folder: BundleFolder;
  /** PEM of the roots that browsers and phones know, whatever this host trusts besides. */
  readonly publicRoots: () => Promise<readonly string[]>;
  /** The certificates of a PEM or DER file, as PEM. @throws Failure naming the file. */
  readonly readCertificates: (path: string) => Promise<readonly string[]>;
  /** The domain that somebody registered, by the public-suffix list. */
  readonly registrable: (host: string) => Promise<string>;
  readonly random: (count: number) => Uint8Array;
  /** The private key (PKCS#8 PEM) and the certificates (PEM) of one file. @throws Failure naming the file, also where others may read it. */
  readonly readSigningFile: (
    path: string,
  ) => Promise<{ readonly privateKey: string; readonly certificates: readonly string[] }>;
  /** CMS around the content, attached, in DER. The key's own certificate comes first. */
  readonly signProfile: (what: {
    readonly content: string | Uint8Array;
    readonly privateKey: string;
    readonly certificates: readonly string[];
    readonly now: Date;
  }) => Promise<Uint8Array>;
}
