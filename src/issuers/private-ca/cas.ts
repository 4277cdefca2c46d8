// The private CAs of a state folder, as the seam private-cas.ts has them.
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { certificateNameProblem } from "../../domain/certificate-name.ts";
import type { FoundCertificate, PrivateCas } from "../private-cas.ts";
import { findAuthority } from "./authority.ts";
import type { Making } from "./new-files.ts";
import { takeRestored, trustIsAsked, trustIsBehind, trustIsRead, trustMark, trustPaths, writeTrust } from "./trust.ts";

const limitsOf = <Limits>(limits: Limits | undefined): { readonly limits?: Limits } =>
  limits === undefined ? {} : { limits };

/** Whoever reads a root or looks what servers are to trust needs none of it, and it is slow to load. */
const changes = (): Promise<typeof import("./changes.ts")> => import("./changes.ts");

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
    show: async (name, now) => (await changes()).showCa(name, folderOf(name), now),
    roots: async (name, now) => {
      const authority = await findAuthority(folderOf(name));
      if (!authority) return [];
      const older = authority.older.filter(({ facts }) => facts.notAfter > now);
      return [authority.root, ...older.map(({ root }) => root)];
    },
    planInit: async (request) => limitsOf(await (await changes()).planInit(folderOf(request.name), request)),
    init: async (request) => (await changes()).initCa(folderOf(request.name), request, making),
    planRotate: async (request) =>
      limitsOf((await (await changes()).planRotate(folderOf(request.name), request)).constraints),
    rotate: async (request) => (await changes()).rotateCa(folderOf(request.name), request, making),
    planClient: async (request) => {
      const authority = await findAuthority(folderOf(request.name));
      if (authority) (await changes()).refuseClient(authority, request);
    },
    issueClient: async (request) => (await changes()).issueClient(folderOf(request.name), request, making.random),
    trustFile: (name) => trustPaths(folderOf(name)).file,
    trustMap: (name) => trustPaths(folderOf(name)).map,
    keepTrust: async (name, now) => {
      const authority = await findAuthority(folderOf(name));
      if (!authority) return undefined;
      const { noteDue, refreshCrls } = await changes();
      await refreshCrls(folderOf(name), now, uid, authority.paths["crl.pem"] === undefined);
      const trust = await writeTrust(folderOf(name), now);
      // From now on they have to be there.
      if (trust?.unread) await noteDue(cas, now);
      return trust;
    },
    trustIsAsked: (name) => trustIsAsked(folderOf(name)),
    takeRestored: (name) => takeRestored(folderOf(name)),
    trustIsBehind: (name, now) => trustIsBehind(folderOf(name), now),
    forgetTrust: async (name, now) => (await changes()).noteDue(cas, now, name),
    trustMark: (name) => trustMark(folderOf(name)),
    trustIsRead: (name) => trustIsRead(folderOf(name)),
    find: async (key): Promise<FoundCertificate | undefined> => {
      for (const name of await list()) {
        const found = await (await changes()).findIn(name, folderOf(name), key);
        if (found) return found;
      }
      return undefined;
    },
    revoke: async (found, reason, now) => (await changes()).revokeIn(folderOf(found.ca), found, reason, { now, uid }),
    refreshCrls: async (name, now, all) => (await changes()).refreshCrls(folderOf(name), now, uid, all),
    noteDue: async (now) => (await changes()).noteDue(cas, now),
    publish: async (name, path) => {
      const authority = await findAuthority(folderOf(name));
      if (authority) await (await changes()).publishAt(authority, path, uid);
    },
    backup: async (name, file, passphrase, now) =>
      (await changes()).backUp(name, folderOf(name), file, { passphrase, now, uid }),
    restore: async (file, passphrase, options) =>
      (await changes()).restoreFrom(cas, file, passphrase, { ...options, uid }),
  };
};
