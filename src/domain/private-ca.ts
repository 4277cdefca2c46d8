// What is to be said of a private CA as it stands: a root near its end, an earlier one that some clients still go by, a list of revoked certificates that is too old.
import type { ShownCa, ShownCrl } from "../issuers/private-cas.ts";
import type { Finding } from "./finding.ts";
import { permits } from "./name-constraints.ts";
import { shellWord } from "./shell-word.ts";

const day = 86_400_000;

const date = (text: string): string => text.slice(0, 10);

const left = (text: string, now: Date): number => Date.parse(text) - now.getTime();

/** Its name in a command; the usual one needs none. */
export const caWord = (name: string): string => (name === "default" ? "" : ` ${shellWord(name)}`);

const rootFindings = ({ name, root, rotateBy }: ShownCa, now: Date): readonly Finding[] => {
  const remains = left(root.notAfter, now);
  if (left(rotateBy, now) > 0) return [];
  return [
    {
      check: "ca-ending",
      severity: remains < 90 * day ? "fault" : "warning",
      message:
        remains <= 0
          ? `the root of the private CA "${name}" (${root.title}) ended on ${date(root.notAfter)}: no client trusts its certificates any more`
          : `the root of the private CA "${name}" (${root.title}) ends on ${date(root.notAfter)}, and everybody needs time to import another`,
      hint:
        remains <= 0
          ? `move its folder away and make another: mailcert ca init${caWord(name)}; everybody has to import its root`
          : `make a new root, which clients of this one accept meanwhile: mailcert ca rotate${caWord(name)}`,
      reference: "docs/private-ca.md",
    },
  ];
};

/** The last half year of an earlier root: whoever has not imported its successor is refused from its end on. */
const olderFindings = ({ name, older, root }: ShownCa, now: Date): readonly Finding[] =>
  older.flatMap((one) => {
    const remains = left(one.notAfter, now);
    if (remains <= 0 || remains > 180 * day) return [];
    return [
      {
        check: "ca-older-ending",
        severity: "warning" as const,
        message: `the earlier root of the private CA "${name}" (${one.title}) ends on ${date(one.notAfter)}; 30 days before that, servers stop to lead to it`,
        hint: `whoever has not imported "${root.title}" yet is refused then: hand the files out again (mailcert bundle)`,
        reference: "docs/private-ca.md",
      },
    ];
  });

/** Told from when the next one should be made: half of its time is left to bring the key back. */
const lastListFinding = (name: string, crl: ShownCrl, missingKey: string, now: Date): readonly Finding[] => {
  if (crl.valid === 0 || left(crl.due, now) > 0) return [];
  const over = left(crl.nextUpdate, now) <= 0;
  const whose = crl.valid === 1 ? "the certificate" : `the ${crl.valid} certificates`;
  return [
    {
      check: "ca-crl-old",
      severity: over ? "fault" : "warning",
      message: `the list of revoked certificates of ${crl.of} ${over ? "ended" : "ends"} on ${date(crl.nextUpdate)}, and the key that signs the next one is not on this host: whoever checks it ${over ? "refuses" : "will refuse"} ${whose} by that CA`,
      hint: `bring ${missingKey} back for a moment, from where it is kept or from a backup (mailcert ca restore FILE --replace), and make the list: mailcert ca crl${caWord(name)}; that is good for 30 days`,
      reference: "RFC 5280 5.1.2.5",
    },
  ];
};

/** Renewed at half of its time: three days behind that, no timer runs. Nobody asks for the list of a CA that has ended. */
export const crlFindings = ({ name, crls }: Pick<ShownCa, "name" | "crls">, now: Date): readonly Finding[] =>
  crls.flatMap((crl): readonly Finding[] => {
    if (crl.ended) return [];
    if (left(crl.thisUpdate, now) > 0)
      return [
        {
          check: "ca-crl-early",
          severity: "fault",
          message: `the list of revoked certificates of ${crl.of} begins in the future, on ${crl.thisUpdate}: it was made by a clock that was ahead`,
          hint: `set this host's clock, then make the list anew: mailcert ca crl${caWord(name)}`,
          reference: "RFC 5280 5.1.2.4",
        },
      ];
    if (crl.missingKey !== undefined) return lastListFinding(name, crl, crl.missingKey, now);
    const over = left(crl.nextUpdate, now) <= 0;
    if (!over && left(crl.due, now) > -3 * day) return [];
    return [
      {
        check: "ca-crl-old",
        severity: over ? "fault" : "warning",
        message: over
          ? `the list of revoked certificates of ${crl.of} was to be replaced by ${date(crl.nextUpdate)}: whoever checks it refuses every certificate`
          : `the list of revoked certificates of ${crl.of} was to be made anew on ${date(crl.due)}`,
        hint: `make it now: mailcert ca crl${caWord(name)}; then see why no timer did: mailcert schedule show`,
        reference: "RFC 5280 5.1.2.5",
      },
    ];
  });

/** Whoever reads a copy goes by what it says: it may lack a revocation, and ends. */
const copyFindings = ({ name, behind = [] }: ShownCa): readonly Finding[] =>
  behind.map((path) => ({
    check: "ca-crl-copy",
    severity: "fault",
    message: `${path} is no copy of the present list of revoked certificates of the private CA "${name}"`,
    hint: `write it now: mailcert ca crl${caWord(name)}, which says what is in the way; in the hourly run: mailcert schedule install lets it write there`,
  }));

const unfinishedFindings = ({ name, unfinished }: ShownCa): readonly Finding[] =>
  unfinished
    ? [
        {
          check: "ca-unfinished",
          severity: "warning",
          message: `a rotation of the private CA "${name}" was cut short; its new root is the CA's, and the next run finishes the rest`,
          hint: `finish it now: mailcert ca crl${caWord(name)}`,
        },
      ]
    : [];

const restoredFindings = ({ name, halfRestored }: ShownCa): readonly Finding[] =>
  halfRestored
    ? [
        {
          check: "ca-not-restored",
          severity: "warning",
          message: `a restoration of the private CA "${name}" was cut short before anything was changed: the CA is as it was`,
          hint: "restore it again: mailcert ca restore FILE --replace; if that is not meant any more, the next run clears away what was left",
        },
      ]
    : [];

export const caFindings = (ca: ShownCa, now: Date): readonly Finding[] => [
  ...rootFindings(ca, now),
  ...olderFindings(ca, now),
  ...crlFindings(ca, now),
  ...copyFindings(ca),
  ...unfinishedFindings(ca),
  ...restoredFindings(ca),
];

/** Who has to import the new root, and by when. */
export interface ImportStep {
  readonly certificate: string;
  readonly names: readonly string[];
  /** Folder of the files for its clients, where one is kept up to date. */
  readonly bundle?: string;
  /** ISO date; absent: as soon as its next certificate is served, for the old root may not certify all of its names. */
  readonly by?: string;
  /** The names that the old root may not certify. */
  readonly beyond: readonly string[];
}

interface Served {
  readonly name: string;
  readonly names: readonly string[];
  readonly bundle?: string;
}

/** ISO date: from then on what is made does not lead to an earlier root any more. */
export const lastLed = ({ notAfter }: { readonly notAfter: string }): string =>
  new Date(Date.parse(notAfter) - 30 * day).toISOString();

/** `ca`: as it is after the rotation. */
export const importSteps = ({ older }: ShownCa, served: readonly Served[]): readonly ImportStep[] => {
  const [before] = older;
  if (!before) return [];
  const by = lastLed(before);
  return served.map(({ name, names, bundle }) => {
    const beyond = names.filter((one) => !permits(before.limits, one));
    return {
      certificate: name,
      names,
      ...(bundle === undefined ? {} : { bundle }),
      ...(beyond.length > 0 ? {} : { by }),
      beyond,
    };
  });
};
