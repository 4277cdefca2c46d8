// The built program as a layer of hosts, made once for each build and suite: /opt/mailcert, with what the host's own Node compiled of it kept beside
// it, as an installed package has it. Not a mount of the checkout: a build that runs meanwhile must not pull the program away under a test.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, statSync } from "node:fs";
import { chmod, cp, mkdir, mkdtemp, readdir, rename, rm, stat, utimes } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.ts";
import { labParts } from "./parts.ts";
import type { Suite } from "./parts.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
const content = ["package.json", "bin", "dist", "templates"];
const dayMs = 86_400_000;

export const isBuilt = (): boolean => existsSync(`${checkout}/dist/main.js`);

/** Of what is built now: names, sizes and times. Compiled code is this machine's, and no part of it. */
const buildId = (): string => {
  const hash = createHash("sha256").update(checkout);
  for (const part of content) {
    const below =
      part === "package.json" ? [] : readdirSync(join(checkout, part), { recursive: true, encoding: "utf8" });
    for (const file of ["", ...below.toSorted()].filter((path) => !path.endsWith(".cache"))) {
      const { size, mtimeMs } = statSync(join(checkout, part, file));
      hash.update(`${part}/${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest("hex").slice(0, 12);
};

/** A host with this layer, as far as its Node can be run in it. */
export interface BareHost {
  /** PID 1, as this machine sees it. */
  readonly pid: number;
  stop(): Promise<void>;
}

/** Lives through a few runs in a host, and takes what V8 compiled there. */
const keepCompiled = async (layer: string, boot: (layer: string) => Promise<BareHost>): Promise<void> => {
  const host = await boot(layer);
  try {
    const env = { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/root" };
    const inside = ["nsenter", `--target=${host.pid}`, "--mount", "--pid", "--root", "--wd", "--net", "--"];
    const made = await runChild([...inside, "node", "/opt/mailcert/bin/code-cache.js"], { env });
    if (made.status !== 0) throw new Error(`no code was kept: ${made.stdout}${made.stderr}`);
    const from = `/proc/${host.pid}/root/opt/mailcert/dist`;
    for (const file of await readdir(from, { recursive: true }))
      if (file.endsWith(".cache")) await cp(join(from, file), join(layer, "opt/mailcert/dist", file));
  } finally {
    await host.stop();
  }
};

/** Layers that no host was started with for a day. */
const clearAway = async (lab: string): Promise<void> => {
  for (const name of await readdir(lab)) {
    if (!name.startsWith("program-")) continue;
    const found = await stat(join(lab, name)).catch(() => undefined); // another test clears away, too
    if (found && Date.now() - found.mtimeMs > dayMs) await rm(join(lab, name), { recursive: true, force: true });
  }
};

const makeLayer = async (
  lab: string,
  target: string,
  id: string,
  boot: (layer: string) => Promise<BareHost>,
): Promise<void> => {
  await clearAway(lab);
  const fresh = await mkdtemp(join(lab, "program-new-"));
  try {
    const program = join(fresh, "opt/mailcert");
    await mkdir(program, { recursive: true });
    for (const part of content) {
      const filter = (path: string): boolean => !path.endsWith(".cache");
      await cp(join(checkout, part), join(program, part), { recursive: true, filter });
    }
    if (buildId() !== id) throw new Error("the program was built anew while a host started: build first, then test");
    for (const path of [fresh, join(fresh, "opt"), program]) await chmod(path, 0o755);
    await runChild(["chmod", "-R", "go-w", program], { env: { PATH: "/usr/bin:/bin" } });
    await chmod(join(program, "bin/mailcert.js"), 0o755);
    await keepCompiled(fresh, boot);
    // Another test may have been quicker: its is as good.
    await rename(fresh, target).catch((error: unknown) => {
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(fresh, { recursive: true, force: true });
  }
};

const known = new Map<string, Promise<unknown>>();

/** Folder of the layer for hosts of a suite. `boot` starts one with a layer above its image. @throws Error where nothing is built. */
export const programLayer = async (suite: Suite, boot: (layer: string) => Promise<BareHost>): Promise<string> => {
  const lab = dirname((await labParts())[suite]);
  const id = buildId();
  const target = join(lab, `program-${suite}-${id}`);
  if (!existsSync(target)) {
    const making = known.get(target) ?? makeLayer(lab, target, id, boot);
    known.set(target, making);
    await making;
  }
  const now = new Date();
  await utimes(target, now, now);
  return target;
};
