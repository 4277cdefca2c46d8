// The list that a folder of client-import files keeps of itself: which files are mailcert's, what they were made for, and by whom profiles were signed.
import { createHash } from "node:crypto";

export const listName = ".mailcert-bundle.json";
const schema = "mailcert.bundle-folder/1";

/** What a signature stands around, and the certificate of who signed: SHA-256 of both. No signature is the same twice, so bytes tell nothing. */
export interface SignedFile {
  readonly content: string;
  readonly by: string;
}

export interface BundleList {
  /** SHA-256 of what was written, by file name. */
  readonly files: ReadonlyMap<string, readonly string[]>;
  readonly signed: ReadonlyMap<string, SignedFile>;
  /** SHA-256 of the leaf that the whole folder was last made for. */
  readonly leaf?: string;
  /** SHA-256 of what its account files were made of then. */
  readonly account?: string;
  /** SHA-256 of the roots that its private CA had then (`rootsMark`). */
  readonly roots?: string;
  /** SHA-256 of the one address that its account files are for; absent: they are for nobody in particular. */
  readonly person?: string;
  /** Where it was said to be published then. */
  readonly url?: string;
  /** SHA-256 of what `sign_profile` said then, and of which file that was: the folder is handed out, and where a key lies is nobody's business. */
  readonly signing?: string;
}

export const sha256 = (content: string | Uint8Array): string => createHash("sha256").update(content).digest("hex");

/** Nothing that leads out of the folder, and no hidden file: what the list names can be deleted. */
const plainName = /^[^./\\\0][^/\\\0]{0,100}$/;
const hex = /^[0-9a-f]{64}$/;
const isHex = (value: unknown): value is string => typeof value === "string" && hex.test(value);

type Fields = Readonly<Record<string, unknown>>;

const entriesOf = (value: unknown): readonly (readonly [string, unknown])[] =>
  Object.entries((value ?? {}) as Fields).filter(([name]) => plainName.test(name));

/** The files' own list, so that a later run knows them from files that somebody else put there. */
export const readList = (content: Uint8Array | "absent" | "foreign"): BundleList => {
  const nothing: BundleList = { files: new Map(), signed: new Map() };
  if (typeof content === "string") return nothing;
  try {
    const list = JSON.parse(Buffer.from(content).toString("utf8")) as Fields | null;
    if (list?.["schema"] !== schema) return nothing;
    const files = entriesOf(list["files"]).flatMap(([name, hashes]) =>
      Array.isArray(hashes) ? [[name, hashes.filter(isHex)] as const] : [],
    );
    const signed = entriesOf(list["signed"]).flatMap(([name, one]) => {
      const { content: inside, by } = (one ?? {}) as Fields;
      return isHex(inside) && isHex(by) ? [[name, { content: inside, by }] as const] : [];
    });
    const { leaf, account, roots, person, url, signing } = list;
    return {
      files: new Map(files),
      signed: new Map(signed),
      ...(isHex(leaf) ? { leaf } : {}),
      ...(isHex(account) ? { account } : {}),
      ...(isHex(roots) ? { roots } : {}),
      ...(isHex(person) ? { person } : {}),
      ...(typeof url === "string" ? { url } : {}),
      ...(isHex(signing) ? { signing } : {}),
    };
  } catch {
    // Damaged: nothing in the folder is known to be ours, so nothing of it is replaced.
    return nothing;
  }
};

export const listText = ({ files, signed, leaf, account, roots, person, url, signing }: BundleList): string =>
  `${JSON.stringify(
    {
      schema,
      ...(leaf === undefined ? {} : { leaf }),
      ...(account === undefined ? {} : { account }),
      ...(roots === undefined ? {} : { roots }),
      ...(person === undefined ? {} : { person }),
      ...(url === undefined ? {} : { url }),
      ...(signing === undefined ? {} : { signing }),
      files: Object.fromEntries(files),
      ...(signed.size === 0 ? {} : { signed: Object.fromEntries(signed) }),
    },
    undefined,
    2,
  )}\n`;
