// What the deployment tests share: a mail host with its servers up, what each port serves, what lies on its disk, and runs read as JSON.
import { createHash } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { expect } from "vitest";
import type { ExecOptions, MailHost, MailHostOptions } from "../lab/mail-host.ts";
import { startMailHost } from "../lab/mail-host.ts";

export const suites = ["bookworm", "trixie"] as const;
export const name = "mail.example.org";
export const folder = `/var/lib/mailcert/certificates/${name}`;

/** Gives the test a host of its own with both servers running, and ends it whatever happens. */
export const onHost = async (
  options: MailHostOptions & { readonly start?: readonly ("dovecot" | "postfix")[] },
  job: (host: MailHost) => Promise<void>,
): Promise<void> => {
  const host = await startMailHost(options);
  try {
    const start = options.start ?? ["dovecot", "postfix"];
    await Promise.all([
      ...(start.includes("dovecot") ? [host.startDovecot()] : []),
      ...(start.includes("postfix") ? [host.startPostfix()] : []),
    ]);
    await job(host);
  } finally {
    await host.stop();
  }
};

/** How each port of a usual host is spoken to; `-starttls` word of openssl, or "" for TLS from the first byte. */
const upgrades: Readonly<Record<number, string>> = {
  25: "smtp",
  110: "pop3",
  143: "imap",
  465: "",
  587: "smtp",
  993: "",
  995: "",
  2525: "smtp",
  4190: "sieve",
};
export const usualPorts: readonly number[] = [25, 110, 143, 993, 995, 4190];
export const dovecotPorts: readonly number[] = [110, 143, 993, 995, 4190];

/** By port, what openssl is served there: SHA-256 of the leaf, hex; "" where there was no handshake. */
export const leaves = async (
  host: MailHost,
  ports: readonly number[] = usualPorts,
  address = "127.0.0.1",
): Promise<Readonly<Record<number, string>>> => {
  const script = `
    for pair; do (
      port=\${pair%%:*} upgrade=\${pair#*:}
      leaf=$(timeout 10 openssl s_client -connect "$0:$port" \${upgrade:+-starttls $upgrade} -servername ${name} </dev/null 2>/dev/null |
        openssl x509 -noout -fingerprint -sha256 2>/dev/null)
      echo "$port \${leaf#*=}"
    ) & done; wait`;
  const pairs = ports.map((port) => `${port}:${upgrades[port] ?? ""}`);
  const lines = (await host.must(["sh", "-c", script, address, ...pairs])).trim().split("\n");
  const found = lines.map((line) => line.split(" ") as [string, string?]);
  return Object.fromEntries(found.map(([port, leaf = ""]) => [Number(port), leaf.replaceAll(":", "").toLowerCase()]));
};

/** The same leaf on each of these ports. */
export const all = (ports: readonly number[], leaf: string): Readonly<Record<number, string>> =>
  Object.fromEntries(ports.map((port) => [port, leaf]));

/** Waits for it: a Postfix process that is reused may answer with the old leaf for two seconds after a reload. */
export const expectServed = async (
  host: MailHost,
  wanted: Readonly<Record<number, string>>,
  address?: string,
): Promise<void> => {
  const ports = Object.keys(wanted).map(Number);
  for (const until = Date.now() + 10_000; Date.now() < until;) {
    if (isDeepStrictEqual(await leaves(host, ports, address), wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  expect(await leaves(host, ports, address)).toEqual(wanted);
};

const fingerprint = (pem: string): string => {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(pem)?.[1];
  if (body === undefined) throw new Error(`no certificate in: ${pem.slice(0, 200)}`);
  return createHash("sha256").update(Buffer.from(body, "base64")).digest("hex");
};

/** SHA-256 of a PEM file's first certificate. */
export const leafIn = async (host: MailHost, path: string): Promise<string> => fingerprint(await host.read(path));
export const liveLeaf = (host: MailHost): Promise<string> => leafIn(host, `${folder}/live/ecdsa/cert.pem`);

/** Every file below these folders: kind, mode, owner, link target and content. */
export const snapshot = (host: MailHost, ...paths: readonly string[]): Promise<string> =>
  host.must([
    "sh",
    "-c",
    'for path; do [ -e "$path" ] || continue; find "$path" -printf "%p %y %m %u %g %l\\n" | sort; find "$path" -type f | sort | xargs -r sha256sum; done',
    "snapshot",
    ...paths,
  ]);
export const serverSettings = (host: MailHost): Promise<string> => snapshot(host, "/etc/dovecot", "/etc/postfix");

/** Postfix's programs wait while main.cf is younger than two seconds: a test that wrote it need not. */
export const settle = (host: MailHost): Promise<string> => host.must("touch -d '1 hour ago' /etc/postfix*/*.cf");

interface Finding {
  readonly check: string;
  readonly severity: string;
  readonly message: string;
  readonly hint?: string;
}

export interface Deployed {
  readonly outcome: string;
  readonly generation: { readonly number: number };
  readonly servers: readonly {
    readonly id: string;
    readonly running: boolean;
    readonly reloaded: boolean;
    readonly changes: readonly string[];
  }[];
  readonly entries: readonly {
    readonly port: number;
    readonly address: string;
    readonly server: string;
    readonly verdict: string;
    readonly message?: string;
  }[];
  readonly findings: readonly Finding[];
}

export interface Run {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly deployed: Deployed;
  /** Check ids of the faults. */
  readonly faults: readonly string[];
  /** By port: each verdict, once. */
  readonly verdicts: Readonly<Record<number, readonly string[]>>;
}

interface Document {
  readonly deployed?: Deployed;
  readonly certificates?: readonly (Deployed & { readonly deployed?: Deployed })[];
}

/** Runs setup, renew, deploy or rollback with --json; a run that deployed nothing has no findings and no entries. */
export const run = async (host: MailHost, args: readonly string[], options?: ExecOptions): Promise<Run> => {
  const { status, stdout, stderr } = await host.mailcert([...args, "--json"], { timeoutMs: 100_000, ...options });
  const document = (stdout.trim() === "" ? {} : JSON.parse(stdout)) as Document & Partial<Deployed>;
  const one = document.certificates?.[0];
  const deployed =
    document.deployed ?? one?.deployed ?? (one?.outcome ? one : document.outcome ? (document as Deployed) : undefined);
  const verdicts: Record<number, string[]> = {};
  for (const { port, verdict } of deployed?.entries ?? [])
    verdicts[port] = [...new Set([...(verdicts[port] ?? []), verdict])].toSorted();
  return {
    status,
    stdout,
    stderr,
    deployed: deployed ?? { outcome: "none", generation: { number: 0 }, servers: [], entries: [], findings: [] },
    faults: (deployed?.findings ?? []).filter(({ severity }) => severity === "fault").map(({ check }) => check),
    verdicts,
  };
};

export const setup = (host: MailHost, ...more: readonly string[]): Promise<Run> =>
  run(host, ["setup", name, "--schedule", "none", ...more]);

/** A setup that must go well; gives the leaf that is served now. */
export const setUp = async (host: MailHost, ...more: readonly string[]): Promise<string> => {
  const result = await setup(host, ...more);
  expect(result.status, result.stdout + result.stderr).toBe(0);
  return liveLeaf(host);
};

/** Puts a program of this name before the real one in PATH; `path` is the PATH to run mailcert with. */
export const wrap = async (host: MailHost, program: string, script: string): Promise<string> => {
  const real = (await host.must(["sh", "-c", 'command -v "$0"', program])).trim();
  await host.write(`/opt/wrapped/${program}`, `#!/bin/sh\nreal() { ${real} "$@"; }\n${script}\n`, "755");
  return "/opt/wrapped:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
};

/** A self-signed pair cert.pem, key.pem in `path`. */
export const makePair = async (host: MailHost, path: string, subject = "own.example.org"): Promise<string> => {
  await host.must(
    `mkdir -p ${path} && cd ${path} && openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 90 -subj /CN=${subject} 2>&1 && chmod 600 key.pem`,
  );
  return leafIn(host, `${path}/cert.pem`);
};

/** Dovecot's certificate settings in the words of the suite's generation, as lines. */
export const dovecotPair = (host: MailHost, path: string, indent = ""): string =>
  host.suite === "bookworm"
    ? `${indent}ssl_cert = <${path}/cert.pem\n${indent}ssl_key = <${path}/key.pem\n`
    : `${indent}ssl_server_cert_file = ${path}/cert.pem\n${indent}ssl_server_key_file = ${path}/key.pem\n`;

/** Waits until something listens on all of these: for some moments after a reload a new port has nobody. */
export const listening = (host: MailHost, ...ports: readonly number[]): Promise<string> => {
  const open = ports.map((port) => `[ -n "$(ss -Hltn 'sport = :${port}')" ]`).join(" && ");
  return host.must(`for i in $(seq 600); do ${open} && exit 0; sleep 0.05; done; ss -Hltn; exit 1`);
};

/** Waits until something holds, 10 s at most. (expect.poll loses its test where several run at once.) */
export const eventually = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 100; tries += 1) {
    if (await holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it never came to hold");
};
