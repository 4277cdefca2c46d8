// The ways in which each system comes to trust what is imported, best first, and the files that each needs.
import { accountFiles } from "../domain/bundle-formats.ts";
import { type Importable, olderFile } from "./importable.ts";

export interface Way {
  /** Of its words below `ways` in the page's strings. */
  readonly key: string;
  /** Offered for download where they are there. The way is shown when one of them is, or when it needs none. */
  readonly files: readonly string[];
  /** Not shown where this file is there: another way is better. */
  readonly unless?: string;
}

const systemNames = ["windows", "macos", "ios", "android", "linux"] as const;
type SystemName = (typeof systemNames)[number];

type Table = Readonly<Partial<Record<SystemName, readonly Way[]>>>;

const { account, programs: terminal } = accountFiles;
const endings = ["crt", "cer"] as const;
/** The last stands for all of its kind: a file has one certificate, and after two rotations there are two. The second and third are there while the authority changes its certificate. */
const rootsIn = (ending: (typeof endings)[number]): readonly string[] => [
  `ca.${ending}`,
  `ca-newer.${ending}`,
  olderFile("ca", 0, ending),
];
const [pem, der] = [rootsIn("crt"), rootsIn("cer")];
const thunderbird: Way = { key: "thunderbird", files: pem };

const withPrivateCa: Table = {
  windows: [
    { key: "windowsScript", files: ["install-windows.cmd", "install-windows.ps1"] },
    { key: "windowsClick", files: der },
    thunderbird,
  ],
  macos: [
    { key: "macosAccount", files: account },
    { key: "macosProfile", files: ["ca.mobileconfig"] },
    { key: "macosClick", files: der },
    { key: "macosScript", files: ["install-macos.sh"] },
    thunderbird,
  ],
  ios: [
    { key: "iosAccount", files: account },
    { key: "iosProfile", files: ["ca.mobileconfig"] },
  ],
  android: [{ key: "android", files: pem }],
  linux: [
    { key: "linuxScript", files: ["install-linux.sh"] },
    thunderbird,
    { key: "linuxClick", files: pem, unless: "install-linux.sh" },
    { key: "terminal", files: [...pem, ...terminal] },
  ],
};

const selfThunderbird: Way = { key: "selfThunderbird", files: [] };

const selfSigned: Table = {
  windows: [{ key: "windowsClick", files: ["server.cer"] }, selfThunderbird],
  macos: [{ key: "macosClick", files: ["server.cer"] }, selfThunderbird],
  ios: [{ key: "selfIos", files: [] }],
  android: [{ key: "selfAndroid", files: [] }],
  linux: [{ key: "terminal", files: ["server.crt", ...terminal] }, selfThunderbird],
};

const publicly: Table = {
  macos: [{ key: "macosAccountOnly", files: account }],
  ios: [{ key: "iosAccountOnly", files: account }],
};

export interface SystemWays {
  readonly system: SystemName;
  readonly ways: readonly { readonly key: string; readonly files: readonly string[] }[];
}

/** What a name of the tables stands for. */
const filesOf = (file: string, present: ReadonlySet<string>): readonly string[] => {
  const ending = endings.find((one) => file === olderFile("ca", 0, one));
  if (ending === undefined) return present.has(file) ? [file] : [];
  const found: string[] = [];
  for (let path = file; present.has(path); path = olderFile("ca", found.length, ending)) found.push(path);
  return found;
};

/** Systems without any way are left out. */
export const waysFor = (kind: Importable["kind"] | undefined, present: ReadonlySet<string>): readonly SystemWays[] => {
  const tables = { "private-ca": withPrivateCa, "self-signed": selfSigned };
  const table = kind === undefined ? publicly : tables[kind];
  return systemNames.flatMap((system) => {
    const ways = (table[system] ?? [])
      .map(({ key, files, unless }) => ({
        key,
        needs: files.length,
        unless,
        files: files.flatMap((file) => filesOf(file, present)),
      }))
      .filter(({ needs, files, unless }) => (needs === 0 || files.length > 0) && !(unless && present.has(unless)));
    return ways.length === 0 ? [] : [{ system, ways: ways.map(({ key, files }) => ({ key, files })) }];
  });
};

/** Not for people who only want to read their mail. */
export const isForAdministrators = (path: string): boolean =>
  /\.(?:json|xml|zone|p12|ps1)$|^(?:thunderbird|windows-gpo-intune)\.txt$/.test(path);
