// Copies for every other program (`files:` of the configuration): paths with owner, group and mode, and a program that makes it read them.
import { basename, dirname } from "node:path";
import type { CertificateConfig } from "../../domain/certificate-config.ts";
import { Failure } from "../../domain/failure.ts";
import { type FileTarget, copies, copiesId, fileKinds, holdsKey } from "../../domain/file-target.ts";
import type { Finding } from "../../domain/finding.ts";
import { type KeyAlgorithm, type Slot, slotOf } from "../../domain/keys.ts";
import { clean } from "../../domain/text.ts";
import { accountId } from "../../system/accounts.ts";
import { refuseUnsafeCommand } from "../../system/safe-program.ts";
import { addressesOf } from "../addresses.ts";
import type { ServerDependencies } from "../dependencies.ts";
import { complaint } from "../program.ts";
import type { Change, CopiedFile, Installation, Listener, ServedCertificate, Server, SlotPaths } from "../server.ts";
import { type CopiesChange, applyCopies, isInPlace, keptAs, refuseUnusable, revertCopies } from "./copies.ts";

/** A container that restarts takes its time. */
const reloadMs = 120_000;

const installationOf = (id: string, path: string): Installation => ({
  server: copies,
  id,
  version: "copies",
  configDir: dirname(path),
  running: true,
});

const firstPath = ({ paths }: FileTarget): string => Object.values(paths)[0] ?? "/";

const sourceOf = ({ name, slots }: ServedCertificate, target: FileTarget, slot: Slot): SlotPaths => {
  const found = slots[slot];
  if (found) return found;
  throw new Failure("config", `${name} has no ${slot} key, which files: ${target.name} is to have`, {
    hints: [
      `list one under key: and run mailcert renew ${name}, or name the other: slot: ${slot === "rsa" ? "ecdsa" : "rsa"}`,
    ],
  });
};

/** ECDSA where there is a choice: what every client of today takes. */
const slotFor = (target: FileTarget, keys: readonly KeyAlgorithm[]): Slot =>
  target.slot ?? (keys.length > 0 && keys.every((key) => slotOf(key) === "rsa") ? "rsa" : "ecdsa");

const unobserved = (target: FileTarget): Finding => ({
  check: "deploy-unobservable",
  severity: "info",
  message: `files: ${target.name}: nobody looks whether what reads ${firstPath(target)} serves it`,
  hint: `name where it is served: entries: [imaps://127.0.0.1:993]`,
});

export const createFiles = (
  dependencies: ServerDependencies,
  { name: certificateName, keys }: Pick<CertificateConfig, "name" | "keys"> = { name: "", keys: [] },
  targets: readonly FileTarget[] = [],
): Server => {
  const { run, render } = dependencies;
  /** By installation id: also of those that only a change of the past knows. */
  const reloads = new Map<string, readonly string[] | undefined>(
    targets.map((target) => [copiesId(certificateName, target.name), target.reload]),
  );

  const targetOf = ({ id }: Installation): FileTarget => {
    const found = targets.find(({ name }) => copiesId(certificateName, name) === id);
    if (found) return found;
    throw new Error(`files: nothing is configured for ${id}`);
  };

  const accountsOf = async ({
    name,
    owner,
    group,
  }: FileTarget): Promise<{ readonly uid: number; readonly gid: number }> => {
    const use = (key: string) => ({
      what: `to whom files: ${name} gives its copies`,
      hint: `correct ${key}: in the configuration`,
    });
    return {
      uid: owner === undefined ? 0 : await accountId(run, "user", owner, use("owner")),
      gid: group === undefined ? 0 : await accountId(run, "group", group, use("group")),
    };
  };

  const wanted = async (target: FileTarget, certificate: ServedCertificate): Promise<readonly CopiedFile[]> => {
    const source = sourceOf(certificate, target, slotFor(target, keys));
    const accounts = await accountsOf(target);
    const files: CopiedFile[] = [];
    for (const kind of fileKinds) {
      const path = target.paths[kind];
      if (path === undefined) continue;
      const from = source[kind];
      const kept = await keptAs(path, from);
      const mode = holdsKey(kind) ? target.keyMode : 0o644;
      files.push({ path, from, mode, ...accounts, ...(kept === undefined ? {} : { kept }) });
    }
    return files;
  };

  const ours = (change: Change): CopiesChange => {
    if (change.kind === "copies") return change;
    throw new Error(`files has no change of the kind ${change.kind}`);
  };

  return {
    detect: async () =>
      targets.map((target) => installationOf(copiesId(certificateName, target.name), firstPath(target))),
    listeners: async (installation) => {
      const found: Listener[] = [];
      const target = targetOf(installation);
      const slot = slotFor(target, keys);
      for (const { host, ...place } of target.entries) {
        for (const address of await addressesOf(run, host))
          found.push({ ...place, address, slot, service: "entries", named: true });
      }
      return found;
    },
    plan: async (installation, certificate) => {
      const target = targetOf(installation);
      const files = await wanted(target, certificate);
      const inPlace = (await Promise.all(files.map((file) => isInPlace(run, file)))).every(Boolean);
      const { reload } = target;
      const change: CopiesChange = { kind: "copies", files, ...(reload === undefined ? {} : { reload }) };
      const notes = target.entries.length === 0 ? [unobserved(target)] : [];
      return inPlace ? { changes: [], stands: [change], notes } : { changes: [change], notes };
    },
    apply: async (_installation, change) => applyCopies(run, ours(change)),
    revert: async (_installation, change) => revertCopies(ours(change)),
    readBack: async () => [],
    check: async (installation) => {
      const target = targets.find(({ name }) => copiesId(certificateName, name) === installation.id);
      // One that only its change knows is being taken back: its folder may be gone.
      if (target === undefined) return;
      await accountsOf(target);
      const { reload: told = [] } = target;
      // As a hook: root runs nothing that somebody else can change.
      if (told.length > 0) await refuseUnsafeCommand(told);
      await refuseUnusable(target.name, Object.values(target.paths));
    },
    reload: async ({ id }) => {
      const [program, ...args] = reloads.get(id) ?? [];
      if (program === undefined) return;
      // It may have been another entry's, or changed since it was looked at.
      await refuseUnsafeCommand([program, ...args]);
      const { status, stderr } = await run(program, args, { timeoutMs: reloadMs, ownGroup: true });
      if (status === 0) return;
      const words = clean([basename(program), ...args].join(" "), 200);
      throw new Failure("unavailable", `${words} ended with status ${status}: ${complaint(stderr)}`, {
        hints: ["run it by hand to see more; the copies are in place, and the next run tries again"],
      });
    },
    recall: (id, change) => {
      if (change.kind !== "copies") return undefined;
      reloads.set(id, change.reload);
      return installationOf(id, change.files[0]?.path ?? "/");
    },
    withTargets: (certificate, given) => createFiles(dependencies, certificate, given),
    snippet: ({ name, slots }) => render("files.yaml", { name, slot: slots.ecdsa ? "ecdsa" : "rsa" }, "none"),
  };
};
