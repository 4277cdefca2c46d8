// Makes a private CA before anybody needs a certificate of it, and gives one a new root.
import { dirname, join } from "node:path";
import { certificateNameProblem } from "../../domain/certificate-name.ts";
import { Failure } from "../../domain/failure.ts";
import type { NameConstraints } from "../../domain/name-constraints.ts";
import { shellWord } from "../../domain/shell-word.ts";
import { validityOf } from "../../x509/validity.ts";
import { ensureFolder } from "../../system/files.ts";
import { removeLeftovers } from "../../system/leftovers.ts";
import type { InitRequest, RotateRequest } from "../private-cas.ts";
import { type Authority, findAuthority, openAuthority } from "./authority.ts";
import { refuseOccupied, rootKeyOf } from "./away.ts";
import { defaultConstraints, statedConstraints } from "./constraints.ts";
import { nextNumber, readLayout, settle } from "./layout.ts";
import { type Making, makeSet } from "./new-files.ts";
import { newRoot, rootDays } from "./new-root.ts";
import { noteDue, refreshCrls } from "./crl.ts";
import { noteLook } from "./due.ts";

const mostDays = 9131;

const checkRootDays = (days: number | undefined): void => {
  if (days === undefined || (Number.isSafeInteger(days) && days >= 1 && days <= mostDays)) return;
  throw new Failure(
    "usage",
    `a root cannot be valid for ${days} days: between 1 and ${mostDays} (25 years) is possible`,
    {
      hints: ["leave it out for ten years, which is the default"],
    },
  );
};

/** @throws Failure for everything that is wrong with the request, or with the place. */
export const planInit = async (folder: string, request: InitRequest): Promise<NameConstraints | undefined> => {
  const { name, caDomains, names, days, issuing } = request;
  const problem = certificateNameProblem(name);
  if (problem !== undefined)
    throw new Failure("usage", `the CA's name ${JSON.stringify(name.slice(0, 80))} ${problem}`, {
      hints: ["name it with letters, digits, dots and hyphens: mailcert ca init office"],
    });
  checkRootDays(days);
  const layout = await readLayout(folder);
  if (layout.names.length > 0) {
    const there = await findAuthority(folder);
    const what = there
      ? `the private CA "${name}" is there already (${there.facts.commonName ?? there.facts.subject})`
      : `${folder} holds a private CA that is half made`;
    throw new Failure("config", `${what}: nothing was changed`, {
      hints: there
        ? [
            `a new root, which clients of the old one accept until it ends: mailcert ca rotate ${shellWord(name)}`,
            "another CA beside it: mailcert ca init NAME",
          ]
        : ["the first certificate finishes it: mailcert issue, or mailcert setup"],
    });
  }
  if (issuing?.offline !== undefined) await refuseOccupied(issuing.offline);
  if (caDomains === undefined || caDomains.length === 0) {
    if (names.length === 0)
      throw new Failure("usage", "say which domains the CA may certify: --ca-domains example.org,example.net", {
        hints: ["'*' for any: whoever steals its key could then pose as every site to those who trust it"],
      });
    return defaultConstraints(names);
  }
  return statedConstraints(caDomains);
};

export const initCa = async (folder: string, request: InitRequest, making: Making): Promise<void> => {
  const constraints = await planInit(folder, request);
  const { name: ca, now, days, issuing } = request;
  const { random, generateKey } = making;
  const common = { ca, constraints, now, ...(days === undefined ? {} : { days }) };
  await ensureFolder(dirname(folder), 0o755);
  await removeLeftovers(dirname(folder));
  if (issuing === undefined) {
    await openAuthority(folder, {
      makeKey: async () => generateKey("ecdsa"),
      makeRoot: (privateKey) => newRoot({ ...common, privateKey, random }),
    });
    return;
  }
  const { offline } = issuing;
  const passphrase = await issuing.passphrase();
  const sealed = { passphrase, ...(offline === undefined ? {} : { offline }) };
  await makeSet(folder, { ...common, sealed }, making);
};

/** Of the shortest root that ends no sooner (`validityOf`: from an hour ago, the last second counted). */
const daysUntil = (end: Date, now: Date): number =>
  Math.ceil((end.getTime() + 3_601_000 - Math.floor(now.getTime() / 1000) * 1000) / 86_400_000);

/** @throws Failure `usage` for a root that ends before the one whose place it takes: everybody would import it for less. */
const refuseShorter = ({ facts }: Authority, days: number | undefined, now: Date): void => {
  if (days === undefined || validityOf(now, days).notAfter >= facts.notAfter) return;
  throw new Failure(
    "usage",
    `a root of ${days} days would end before the present one, which ends on ${facts.notAfter.toISOString().slice(0, 10)}`,
    {
      hints: [
        `leave --days out for ten years, or no less than the present one: --days ${daysUntil(facts.notAfter, now)}`,
      ],
    },
  );
};

/** @throws Failure for what can be seen without a passphrase. */
export const planRotate = async (
  folder: string,
  request: RotateRequest,
): Promise<{ readonly authority: Authority; readonly constraints: NameConstraints | undefined }> => {
  const { name, caDomains, days, offline, rootKey, now } = request;
  checkRootDays(days);
  const authority = await findAuthority(folder);
  if (!authority)
    throw new Failure("config", `there is no private CA "${name}" in ${folder}`, {
      hints: [`make it: mailcert ca init ${shellWord(name)}`],
    });
  if (authority.facts.notAfter <= now)
    throw new Failure(
      "data",
      `the root of the private CA "${name}" ended on ${authority.facts.notAfter.toISOString()}: its signature helps nobody any more`,
      {
        hints: [`move ${shellWord(folder)} away and make a new CA: mailcert ca init ${shellWord(name)}`],
      },
    );
  refuseShorter(authority, days, now);
  // What is only planned needs no key.
  if (authority.rootKey === "away" && request.plansOnly !== true) {
    if (rootKey === undefined) await rootKeyOf(authority, name, { file: undefined, passphrase: request.passphrase });
    if (offline === undefined)
      throw new Failure(
        "usage",
        `the root's key of "${name}" is kept away from this host: say where the new one's goes`,
        {
          hints: [`mailcert ca rotate ${shellWord(name)} --root-key ${shellWord(rootKey ?? "FILE")} --offline DIR`],
        },
      );
  }
  if (offline !== undefined) await refuseOccupied(offline);
  const constraints =
    caDomains === undefined || caDomains.length === 0 ? authority.constraints : statedConstraints(caDomains);
  return { authority, constraints };
};

/** Killed at any instant, the CA is the old one or the new one, whole (layout.ts). */
export const rotateCa = async (folder: string, request: RotateRequest, making: Making): Promise<readonly Failure[]> => {
  await settle(folder);
  const { authority, constraints } = await planRotate(folder, request);
  await removeLeftovers(folder);
  const { name: ca, now, days, offline, rootKey: file } = request;
  const privateKey = await rootKeyOf(authority, ca, { file, passphrase: request.passphrase });
  const seals = offline !== undefined || authority.rootKey === "sealed";
  const sealed = seals
    ? { sealed: { passphrase: await request.passphrase(), ...(offline === undefined ? {} : { offline }) } }
    : {};
  const layout = await readLayout(folder);
  // Killed after the new root is decided, the next run of the timer comes by.
  await noteLook(dirname(folder), now);
  await makeSet(
    join(folder, `rotation-${nextNumber(layout)}`),
    {
      ca,
      constraints,
      now,
      days: days ?? Math.max(rootDays, daysUntil(authority.facts.notAfter, now)),
      before: { set: authority, privateKey },
      ...sealed,
    },
    making,
  );
  await settle(folder);
  // Whoever looks at lists finds one of the new signer as well.
  const had = authority.paths["crl.pem"] !== undefined;
  if (had) return (await refreshCrls(folder, now, making.uid, false)).unpublished;
  await noteDue(dirname(folder), now);
  return [];
};
