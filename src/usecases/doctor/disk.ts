// Look: state, configuration and the servers' settings can be written to, and there is room.
import { dirname } from "node:path";
import { inodeFinding, remount } from "../../domain/doctor/disk.ts";
import { type DoctorFinding, type Looked, ofFindings } from "../../domain/doctor/finding.ts";
import { diskFinding, writeFinding } from "../../domain/preflight.ts";
import type { Ground, Look } from "./look.ts";

/** The folder, or the next one above that exists. */
const present = async ({ tools }: Ground, folder: string): Promise<string> => {
  for (let path = folder; path !== "/"; path = dirname(path)) if (await tools.exists(path)) return path;
  return "/";
};

const writable = async (ground: Ground, what: string, folder: string): Promise<DoctorFinding> => {
  const { accessTrouble } = await ground.world.preflight();
  const finding = writeFinding(what, folder, await accessTrouble(folder));
  if (finding.severity === "ok") return finding;
  const disk = await ground.tools.disk(await present(ground, folder));
  if (disk?.readOnly !== true) return finding;
  const { hint: _hint, ...rest } = finding;
  return {
    ...rest,
    command: remount(disk),
    hint: "where that is refused, the disk has an error: `dmesg | tail` says which",
  };
};

const look = async (ground: Ground): Promise<Looked> => {
  const { world } = ground;
  const { dir } = world.store;
  const places = new Map([
    [dir, "state"],
    [dirname(world.config.path), "configuration"],
  ]);
  for (const { installation } of await ground.servers())
    places.set(installation.configDir, `settings of ${installation.id}`);
  const findings: DoctorFinding[] = [];
  for (const [folder, what] of places) findings.push(await writable(ground, what, folder));
  const left = diskFinding(dir, await (await world.preflight()).freeBytes(dir));
  const disk = await ground.tools.disk(await present(ground, dir));
  const inodes = disk && inodeFinding(dir, disk);
  const all = ofFindings([...findings, left, ...(inodes ? [inodes] : [])]);
  return { ...all, well: all.findings.length === 0 ? [left.message] : [] };
};

export const diskLook: Look = { id: "disk", title: "disk", needsRoot: true, look };
