// Look: each server can open what it is to serve, tried as the user and the groups that it opens it with.
import { together } from "../../domain/doctor/finding.ts";
import { type Tried, readableLooked } from "../../domain/doctor/readable.ts";
import { copies, copiesId } from "../../domain/file-target.ts";
import { Failure } from "../../domain/failure.ts";
import { groupBy } from "../../domain/group-by.ts";
import type { Installation } from "../../servers/server.ts";
import { slotsOf } from "../served-certificate.ts";
import type { Ground, Look } from "./look.ts";
import { liveGeneration } from "../live-generation.ts";

interface Wanted {
  readonly server: string;
  readonly reader?: { readonly user: string; readonly group: string };
  readonly copy?: true;
  readonly paths: readonly string[];
}

/** It reads as a user of its own, and its adapter does not say which. */
const isUnknown = ({ reader, keyGroup }: Installation): boolean => reader === undefined && keyGroup !== undefined;

/** What the servers of a certificate open: key and chain behind `live`, and copies as the user to whom they are given. */
const wantedOf = async (ground: Ground, certificate: Ground["certificates"][number]): Promise<readonly Wanted[]> => {
  const { world, state } = ground;
  const { name, files = [] } = certificate;
  const kept = state(name);
  const live = kept && liveGeneration(world, name, kept);
  const found = await ground.found(certificate);
  if (!live || kept.parked || found instanceof Failure) return [];
  const slots = Object.values(world.store.livePaths(name, slotsOf(live)));
  const own = slots.flatMap(({ privkey, fullchain, combined }) => [privkey, fullchain, combined]);
  const servers = found.servers.filter(
    ({ installation }) => installation.server !== copies && !isUnknown(installation),
  );
  const deployed = files.filter((target) => copiesId(name, target.name) in kept.deployments);
  return [
    ...servers.map(({ installation: { id, reader } }) => ({ server: id, ...(reader ? { reader } : {}), paths: own })),
    ...deployed.map(({ name: target, owner, group, paths }) => ({
      server: `files: ${target}`,
      copy: true as const,
      ...(owner === undefined ? {} : { reader: { user: owner, group: group ?? owner } }),
      paths: Object.values(paths),
    })),
  ];
};

export const readableLook: Look = {
  id: "readable",
  title: "reading certificates",
  needsRoot: true,
  look: async (ground) => {
    const wanted: { readonly certificate: string; readonly path: string; readonly of: Wanted }[] = [];
    for (const certificate of ground.certificates)
      for (const of of await wantedOf(ground, certificate))
        for (const path of of.paths) wanted.push({ certificate: certificate.name, path, of });
    const tried: Tried[] = [];
    // Hundreds of certificates are read by one or two users.
    for (const same of groupBy(wanted, ({ of: { reader } }) => JSON.stringify(reader ?? null)).values()) {
      const paths = same.map(({ path }) => path);
      const opened = await ground.tools.openAs(same[0]?.of.reader, paths);
      for (const [index, { certificate, path, of }] of same.entries()) {
        const { server, reader, copy } = of;
        const user = reader === undefined ? {} : { user: reader.user };
        const one = opened[index];
        if (one) tried.push({ server, ...user, certificate, path, ...(copy ? { copy } : {}), opened: one });
      }
    }
    const unknown = (await ground.servers()).filter(({ installation }) => isUnknown(installation));
    const unseen = unknown.map(
      ({ installation: { id } }) => `whether ${id} can open its key: it reads as a user of its own`,
    );
    return together([readableLooked(tried), { findings: [], well: [], unseen }]);
  },
};
