// A server adapter that works on a mail host of the lab: every call runs the real adapter there, made anew, as root.
import { readFile, readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { isServerName, servers } from "../../src/servers/index.ts";
import { Failure, type FailureKind } from "../../src/domain/failure.ts";
import type { Installation, Override, Server, ServerPlan, Listener } from "../../src/servers/server.ts";
import type { PolicyPlan } from "../../src/servers/policy.ts";
import type { MailHost } from "./mail-host.ts";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
let bundled: Promise<string> | undefined;

const bundle = async (): Promise<string> => {
  const { outputFiles } = await build({
    entryPoints: [`${checkout}/test/lab/server-driver.ts`],
    bundle: true,
    platform: "node",
    format: "esm",
    write: false,
    logLevel: "error",
  });
  return outputFiles[0]?.text ?? "";
};

/** Puts the driver and the templates on the host. */
export const installDriver = async (host: MailHost): Promise<void> => {
  await host.write("/lab/driver.mjs", await (bundled ??= bundle()));
  for (const name of await readdir(`${checkout}/templates`, { withFileTypes: true })) {
    if (name.isFile())
      await host.write(`/lab/templates/${name.name}`, await readFile(`${checkout}/templates/${name.name}`));
  }
};

interface Answer {
  readonly id: number;
  readonly value?: unknown;
  readonly failure?: { readonly kind: FailureKind; readonly message: string; readonly hints: readonly string[] };
  readonly unexpected?: string;
}

/** A question to the driver; its answer. */
type Ask = (question: object) => Promise<Answer>;

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
}

const patienceMs = 60_000;

/** One driver for all questions: a Node for each would take longer to start than it works. It ends with the host. */
const startDriver = (host: MailHost, ended: () => void): Ask => {
  const child = host.spawn(["node", "/lab/driver.mjs"]);
  const waiting = new Map<number, Waiting>();
  let complaint = "";
  let asked = 0;
  child.stderr.on("data", (part: Buffer) => (complaint = `${complaint}${part.toString()}`.slice(-4000)));
  child.stdin.on("error", () => undefined); // "close" follows
  createInterface({ input: child.stdout }).on("line", (line) => {
    const answer = JSON.parse(line) as Answer;
    waiting.get(answer.id)?.resolve(answer);
    waiting.delete(answer.id);
  });
  child.on("close", () => {
    ended();
    for (const { reject } of waiting.values()) reject(new Error(`driver: it ended: ${complaint}`));
  });
  return (question) =>
    new Promise((resolve, reject) => {
      const id = (asked += 1);
      const late = setTimeout(() => {
        child.kill("SIGKILL");
        reject(new Error(`driver: no answer in ${patienceMs} ms to ${JSON.stringify(question)}`));
      }, patienceMs);
      const settled =
        <T>(settle: (value: T) => void) =>
        (value: T): void => {
          clearTimeout(late);
          settle(value);
        };
      waiting.set(id, { resolve: settled(resolve), reject: settled(reject) });
      child.stdin.write(`${JSON.stringify({ id, ...question })}\n`);
    });
};

/** What the adapter says of itself, whatever host it works on. */
const abilities = (name: string): Pick<Server, "sni" | "ownDefault" | "byPlace"> & { readonly hardens: boolean } => {
  if (!isServerName(name)) throw new Error(`no server ${name}`);
  const unused = (): never => {
    throw new Error("not on this machine");
  };
  const adapter: Server = servers[name].create({ run: unused, render: unused, ipv6: unused });
  const { sni, ownDefault, byPlace } = adapter;
  return {
    ...(sni ? { sni } : {}),
    ...(ownDefault ? { ownDefault } : {}),
    ...(byPlace ? { byPlace } : {}),
    hardens: "harden" in adapter,
  };
};

export const remoteServer = (host: MailHost, server: string): Omit<Server, "snippet"> => {
  const { hardens, ...able } = abilities(server);
  let driver: Ask | undefined;
  const call = async <T>(method: string, more: object = {}): Promise<T> => {
    driver ??= startDriver(host, () => (driver = undefined));
    const answer = await driver({ server, method, templates: "/lab/templates", ...more });
    if (answer.unexpected !== undefined) throw new Error(answer.unexpected);
    if (answer.failure) throw new Failure(answer.failure.kind, answer.failure.message, { hints: answer.failure.hints });
    return answer.value as T;
  };
  return {
    ...able,
    ...(hardens ? { harden: (installation, profile) => call<PolicyPlan>("harden", { installation, profile }) } : {}),
    detect: () => call<Installation[]>("detect"),
    listeners: (installation) => call<Listener[]>("listeners", { installation }),
    plan: (installation, certificate, bySni, placed) =>
      call<ServerPlan>("plan", { installation, certificate, bySni, placed }),
    apply: (installation, change) => call("apply", { installation, change }),
    revert: (installation, change) => call("revert", { installation, change }),
    readBack: (installation, certificate, bySni, placed) =>
      call<Override[]>("readBack", { installation, certificate, bySni, placed }),
    refresh: (installation, [certificate, ...bySni]) =>
      call<readonly string[]>("refresh", { installation, certificate, bySni }),
    check: (installation) => call("check", { installation }),
    reload: (installation) => call("reload", { installation }),
  };
};
