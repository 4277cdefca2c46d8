// Plans what makes Cyrus serve a certificate: a file of settings for each of its services, and the line of imapd.conf that reads it.
import { Failure } from "../../domain/failure.ts";
import { readTextIfPresent } from "../../system/files.ts";
import type { RenderTemplate } from "../../system/templates.ts";
import { type FileChange, modeOf } from "../edits.ts";
import { hostNames } from "../host-names.ts";
import type { Change, ServedCertificate, SlotPaths } from "../server.ts";
import type { Settings } from "./info.ts";
import { isInternal, ownSetting, startTlsIsOff } from "./listeners.ts";
import type { Service } from "./services.ts";

const mode = 0o644;

/** Beside imapd.conf. */
export const ownFileOf = (imapdConf: string): string => `${imapdConf.replace(/\.conf$/, "")}-mailcert.conf`;

const includeLine = (imapdConf: string): string => `@include: ${ownFileOf(imapdConf)}`;

/** A comma separates two files. */
const plain = (path: string): string => {
  if (/^\/[\p{L}\p{N}._\-/@+~=*]+$/u.test(path)) return path;
  throw new Failure("data", `${path} cannot be written into a setting of Cyrus`, {
    hints: ["choose a --state folder of letters, digits and . _ - / only"],
  });
};

/** Two files at most, which is what imapd.conf(5) takes. */
const listOf = ({ slots }: ServedCertificate, file: keyof SlotPaths): string =>
  [slots.ecdsa, slots.rsa].flatMap((slot) => (slot ? [plain(slot[file])] : [])).join(",");

/** The values of `tls_server_cert` and `tls_server_key`. */
export const wantedFiles = (
  certificate: ServedCertificate,
): { readonly certificate: string; readonly key: string } => ({
  certificate: listOf(certificate, "fullchain"),
  key: listOf(certificate, "privkey"),
});

/** A service that is to serve our certificate, with the addresses that it is bound to. */
export interface Served {
  readonly service: Service;
  readonly addresses: readonly string[];
}

export interface Present {
  readonly imapdConf: string;
  readonly settings: Settings;
  /** What our own file sets now; nothing where imapd.conf does not read it. */
  readonly ours: Settings;
}

/** The services that nobody gave another certificate. */
export const withoutOwn = (all: readonly Served[], { settings, ours }: Present): readonly Served[] =>
  all.filter(({ service }) => service.ownFile === undefined && ownSetting(settings, service, ours) === undefined);

/** TLS is off for a protocol altogether: no implicit TLS for other machines, and no STARTTLS. What we switched on stays so until our file goes. */
const switchesOn = (
  { service, addresses }: Served,
  all: readonly Served[],
  { settings, ours }: Present,
  decided: boolean,
): boolean => {
  const { name, protocol } = service;
  const key = `${name}_allowstarttls`;
  if (ours.has(key)) return true;
  // Somebody's own word is a decision; this version's default is none.
  if (decided || settings.has(key) || protocol === "lmtp" || isInternal(addresses) || !startTlsIsOff(settings, service))
    return false;
  return !all.some((one) => one.service.implicit && one.service.protocol === protocol && !isInternal(one.addresses));
};

export const snippetOf = (render: RenderTemplate, certificate: ServedCertificate, version: string): string =>
  render(
    "cyrus.conf",
    {
      name: certificate.name,
      ...wantedFiles(certificate),
      services: [],
      snippet: { version, hosts: hostNames(certificate) },
    },
    "cyrus",
  );

/** One setting in it is set in one place only: the file first, then the line that makes all of it count at once. */
export const planCyrus = async (
  render: RenderTemplate,
  present: Present,
  all: readonly Served[],
  certificate: ServedCertificate,
): Promise<readonly Change[]> => {
  const { imapdConf } = present;
  const text = (await readTextIfPresent(imapdConf)) ?? "";
  const decided = /^\s*allowstarttls\s*:/m.test(text);
  const services = withoutOwn(all, present).map((one) => ({
    service: one.service.name,
    on: switchesOn(one, all, present, decided),
  }));
  const path = ownFileOf(imapdConf);
  const before = await readTextIfPresent(path);
  if (services.length === 0 && before === undefined) return [];
  const view = { name: certificate.name, ...wantedFiles(certificate), services, snippet: false };
  const content = render("cyrus.conf", view, "cyrus");
  const line = includeLine(imapdConf);
  const read = text.split("\n").includes(line);
  return [
    ...(before === content && (await modeOf(path)) === mode
      ? []
      : [{ kind: "file", path, content, mode, before } as const]),
    ...(read ? [] : [{ kind: "line", path: imapdConf, line: 0, before: undefined, after: line } as const]),
  ];
};

/** A missing file that is to be read is fatal to every process of Cyrus (sysexits.h, 78). Somebody else's file is not ours to judge. */
export const isStillRead = async ({ path, content }: FileChange): Promise<boolean> => {
  if ((await readTextIfPresent(path)) !== content) return false;
  const text = (await readTextIfPresent(path.replace(/-mailcert\.conf$/, ".conf"))) ?? "";
  return text.split("\n").some((line) => line.replace(/^@include:\s*/, "").trim() === path);
};

/** What our own file sets, where imapd.conf reads it. */
export const ourSettings = async (imapdConf: string): Promise<Settings> => {
  const read = ((await readTextIfPresent(imapdConf)) ?? "").split("\n").includes(includeLine(imapdConf));
  const text = read ? ((await readTextIfPresent(ownFileOf(imapdConf))) ?? "") : "";
  return new Map([...text.matchAll(/^([\w.-]+): (.*)$/gm)].map(([, key = "", value = ""]) => [key, value]));
};
