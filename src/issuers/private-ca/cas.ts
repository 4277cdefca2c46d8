// The private CAs of a state folder, as the seam private-cas.ts has them.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { certificateNameProblem } from "../../domain/certificate-name.ts";
import type { FoundCertificate, PrivateCas } from "../private-cas.ts";
import { findAuthority } from "./authority.ts";
import { backUp, restoreFrom } from "./backup.ts";
import { issueClient, refuseClient } from "./client.ts";
import { noteDue, refreshCrls } from "./crl.ts";
import { initCa, planInit, planRotate, rotateCa } from "./make.ts";
import type { Making } from "./new-files.ts";
import { publishAt } from "./published.ts";
import { findIn, revokeIn } from "./revoke.ts";
import { showCa } from "./show.ts";
import { takeRestored, trustIsAsked, trustIsBehind, trustIsRead, trustMark, trustPaths, writeTrust } from "./trust.ts";

const limitsOf = <Limits>(limits: Limits | undefined): { readonly limits?: Limits } =>
  limits === undefined ? {} : { limits };

export const createPrivateCas = ({ stateDir, ...making }: Making & { readonly stateDir: string }): PrivateCas => {
  const cas = join(stateDir, "ca");
  const folderOf = (name: string): string => join(cas, name);
  const { uid } = making;

  const list = async (): Promise<readonly string[]> => {
    const entries = await readdir(cas, { withFileTypes: true }).catch(() => []);
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    // One whose restoration was cut short is there all the same.
    const restored = names.flatMap((name) => (name.startsWith(".restored-") ? [name.slice(10)] : []));
    return [...new Set([...names, ...restored])]
      .filter((name) => certificateNameProblem(name) === undefined)
      .toSorted();
  };

  return {
    list,
    folderOf,
    show: (name, now) => showCa(name, folderOf(name), now),
    roots: async (name, now) => {
      const authority = await findAuthority(folderOf(name));
      if (!authority) return [];
      const older = authority.older.filter(({ facts }) => facts.notAfter > now);
      return [authority.root, ...older.map(({ root }) => root)];
    },
    planInit: async (request) => limitsOf(await planInit(folderOf(request.name), request)),
    init: (request) => initCa(folderOf(request.name), request, making),
    planRotate: async (request) => limitsOf((await planRotate(folderOf(request.name), request)).constraints),
    rotate: (request) => rotateCa(folderOf(request.name), request, making),
    planClient: async (request) => {
      const authority = await findAuthority(folderOf(request.name));
      if (authority) refuseClient(authority, request);
    },
    issueClient: (request) => issueClient(folderOf(request.name), request, making.random),
    trustFile: (name) => trustPaths(folderOf(name)).file,
    trustMap: (name) => trustPaths(folderOf(name)).map,
    keepTrust: async (name, now) => {
      const authority = await findAuthority(folderOf(name));
      if (!authority) return undefined;
      await refreshCrls(folderOf(name), now, uid, authority.paths["crl.pem"] === undefined);
      const trust = await writeTrust(folderOf(name), now);
      // From now on they have to be there.
      if (trust?.unread) await noteDue(cas, now);
      return trust;
    },
    trustIsAsked: (name) => trustIsAsked(folderOf(name)),
    takeRestored: (name) => takeRestored(folderOf(name)),
    trustIsBehind: (name, now) => trustIsBehind(folderOf(name), now),
    forgetTrust: (name, now) => noteDue(cas, now, name),
    trustMark: (name) => trustMark(folderOf(name)),
    trustIsRead: (name) => trustIsRead(folderOf(name)),
    find: async (key): Promise<FoundCertificate | undefined> => {
      for (const name of await list()) {
        const found = await findIn(name, folderOf(name), key);
        if (found) return found;
      }
      return undefined;
    },
    revoke: (found, reason, now) => revokeIn(folderOf(found.ca), found, reason, { now, uid }),
    refreshCrls: (name, now, all) => refreshCrls(folderOf(name), now, uid, all),
    noteDue: (now) => noteDue(cas, now),
    publish: async (name, path) => {
      const authority = await findAuthority(folderOf(name));
      if (authority) await publishAt(authority, path, uid);
    },
    backup: (name, file, passphrase, now) => backUp(name, folderOf(name), file, { passphrase, now, uid }),
    restore: (file, passphrase, options) => restoreFrom(cas, file, passphrase, { ...options, uid }),
  };
};
