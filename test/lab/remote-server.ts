// A server adapter that works on a mail host of the lab: every call runs the real adapter there, as root, in a process of its own.
import { readFile, readdir } from "node:fs/promises";
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
  readonly value?: unknown;
  readonly failure?: { readonly kind: FailureKind; readonly message: string; readonly hints: readonly string[] };
  readonly unexpected?: string;
}

/** What the adapter says of itself, whatever host it works on. */
const abilities = (name: string): Pick<Server, "sni" | "ownDefault"> & { readonly hardens: boolean } => {
  if (!isServerName(name)) throw new Error(`no server ${name}`);
  const unused = (): never => {
    throw new Error("not on this machine");
  };
  const adapter: Server = servers[name].create({ run: unused, render: unused, ipv6: unused });
  const { sni, ownDefault } = adapter;
  return { ...(sni ? { sni } : {}), ...(ownDefault ? { ownDefault } : {}), hardens: "harden" in adapter };
};

export const remoteServer = (host: MailHost, server: string): Omit<Server, "snippet"> => {
  const { hardens, ...able } = abilities(server);
  const call = async <T>(method: string, more: object = {}): Promise<T> => {
    const input = JSON.stringify({ server, method, templates: "/lab/templates", ...more });
    const { stdout, stderr, status } = await host.exec(["node", "/lab/driver.mjs"], { input });
    if (status !== 0) throw new Error(`driver: ${stdout}${stderr}`);
    const answer = JSON.parse(stdout) as Answer;
    if (answer.unexpected !== undefined) throw new Error(answer.unexpected);
    if (answer.failure) throw new Failure(answer.failure.kind, answer.failure.message, { hints: answer.failure.hints });
    return answer.value as T;
  };
  return {
    ...able,
    ...(hardens ? { harden: (installation, profile) => call<PolicyPlan>("harden", { installation, profile }) } : {}),
    detect: () => call<Installation[]>("detect"),
    listeners: (installation) => call<Listener[]>("listeners", { installation }),
    plan: (installation, certificate, bySni) => call<ServerPlan>("plan", { installation, certificate, bySni }),
    apply: (installation, change) => call("apply", { installation, change }),
    revert: (installation, change) => call("revert", { installation, change }),
    readBack: (installation, certificate, bySni) => call<Override[]>("readBack", { installation, certificate, bySni }),
    refresh: (installation, [certificate, ...bySni]) =>
      call<readonly string[]>("refresh", { installation, certificate, bySni }),
    check: (installation) => call("check", { installation }),
    reload: (installation) => call("reload", { installation }),
  };
};
