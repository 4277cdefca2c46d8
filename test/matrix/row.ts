// A row of the matrix of broken servers: scripted servers, what is asked of them, and the exact findings of the whole `verify`.
import { constants, randomBytes } from "node:crypto";
import type { Dns } from "../../src/dns/dns.ts";
import type { Mode, ProtocolName } from "../../src/domain/entry-point.ts";
import type { VerifyResult } from "../../src/domain/verify-result.ts";
import { createInjector } from "../../src/probe/injector.ts";
import { askMailInClear } from "../../src/probe/mail-asker.ts";
import { createProfiler } from "../../src/probe/profiler.ts";
import { createProbe } from "../../src/probe/tls-probe.ts";
import { canInject } from "../../src/protocols/index.ts";
import { mailDomains } from "../../src/usecases/mail-domains.ts";
import { type VerifyRequest, type Wanted, verify } from "../../src/usecases/verify.ts";
import { noDns } from "../fakes/dns.ts";
import {
  type Behaviour,
  type FakeServer,
  type Script,
  type ServerTls,
  mailServer,
  startServer,
} from "../fakes/mail-server.ts";
import { day } from "../fakes/pki.ts";
import { freePort } from "../free-ports.ts";
import type { Certificates } from "./certificates.ts";

export interface RowServer {
  readonly protocol: ProtocolName;
  readonly mode?: Mode;
  /** What is asked for there, where the server does something else. */
  readonly asked?: Mode;
  /** A healthy server's script changed, or a script of its own. */
  readonly behaviour?: Behaviour;
  readonly script?: Script;
  /** One that needs the certificates. */
  readonly scriptFor?: (have: Certificates) => Script;
  /** Default: the healthy leaf and its intermediate. */
  readonly tls?: (have: Certificates) => ServerTls;
  /** In TLS 1.2 it shakes hands anew whenever a client asks. */
  readonly renegotiates?: true;
  /** Nothing listens there. */
  readonly closed?: true;
  readonly host?: string;
  readonly wanted?: Partial<Wanted> | ((have: Certificates) => Partial<Wanted>);
  /** 127.0.0.1 is where we come from ourselves. */
  readonly address?: string;
  /** Share the port with the server before it, at another address of the same name. */
  readonly samePort?: true;
}

export interface Row {
  readonly what: string;
  readonly servers: RowServer | readonly RowServer[];
  /** `severity check`, of the entries and then of the whole, in the order of the report. */
  readonly findings: readonly string[];
  readonly request?: Partial<VerifyRequest> | ((have: Certificates) => Partial<VerifyRequest>);
  /** --full; `profile`: with the full look at TLS, whose answers the row's server has scripted. */
  readonly full?: "dialogue" | "profile";
  /** Answers other than "there is no such record". */
  readonly dns?: (have: Certificates) => Partial<Dns>;
  /** --mx, --srv: domains, looked up in `dns`. */
  readonly domains?: { readonly mx?: readonly string[]; readonly srv?: readonly string[] };
  /** How many days later it is for us; OpenSSL keeps to the real date. */
  readonly daysLater?: number;
  /** It takes seconds whatever the machine. */
  readonly waits?: true;
  /** A word that some finding's message has. */
  readonly says?: RegExp;
}

/** So that the connection's two ends differ: servers trust whoever comes from their own address. */
const elsewhere = "127.0.0.2";
const started = Date.now();
/** As servers of today have it, and Node's has not. */
export const sound = { secureOptions: constants.SSL_OP_NO_RENEGOTIATION };

const none = { kind: "none" } as const;
const emptyDns: Partial<Dns> = {
  tlsa: async () => none,
  mtaSts: async () => none,
  service: async () => none,
  mx: async () => ({ kind: "none", exists: false, secure: false }),
};

const start = async (
  row: RowServer,
  have: Certificates,
  before: FakeServer | undefined,
  wished: number,
): Promise<FakeServer> => {
  const { protocol, mode = "starttls", behaviour, scriptFor } = row;
  const script = scriptFor?.(have) ?? row.script ?? mailServer(protocol, mode, behaviour);
  const tls = { ...(row.renegotiates ? {} : sound), ...(row.tls?.(have) ?? have.healthy) };
  const address = row.address ?? elsewhere;
  return startServer(script, tls, address, row.samePort ? before?.port : wished);
};

const wantedOf = (row: RowServer, server: FakeServer, have: Certificates): Wanted => ({
  protocol: row.protocol,
  mode: row.asked ?? row.mode ?? "starttls",
  host: row.host ?? "mail.example.org",
  address: row.address ?? elsewhere,
  port: server.port,
  demanded: true,
  ...(typeof row.wanted === "function" ? row.wanted(have) : row.wanted),
});

/** Runs the whole use case about the row's servers. @returns its result. */
export const runRow = async (row: Row, have: Certificates): Promise<VerifyResult> => {
  const now = (): Date => new Date(started + (row.daysLater ?? 0) * day);
  const rows = [row.servers].flat();
  const open: FakeServer[] = [];
  try {
    // The kernel's choice may be taken at another address, and be given to somebody else once it is let go of.
    const special = rows.some(({ samePort, closed }) => samePort ?? closed);
    for (const one of rows) open.push(await start(one, have, open.at(-1), special ? await freePort() : 0));
    const wanted = rows.map((one, index) => wantedOf(one, open[index] as FakeServer, have));
    for (const [index, one] of rows.entries()) if (one.closed) await open[index]?.close();
    const dns: Dns = { ...noDns, ...emptyDns, ...row.dns?.(have) };
    const stop = new AbortController();
    const named = await mailDomains(async () => dns, { ...row.domains, ports: {} }, stop.signal);
    const fromDns = (one: Wanted): Partial<Wanted> => {
      const found = named.wanted.find(({ host, protocol }) => host === one.host && protocol === one.protocol);
      return {
        ...(found?.mxOf ? { mxOf: found.mxOf } : {}),
        ...(found?.serviceOf ? { serviceOf: found.serviceOf } : {}),
      };
    };
    return await verify(
      {
        now,
        probe: createProbe({ now }),
        resolve: async () => ({ message: "no such name in the DNS (no A or AAAA record)" }),
        dns: async () => dns,
        further: { canInject, inject: createInjector(), mailInClear: askMailInClear },
        ...(row.full === "profile" ? { profile: createProfiler({ random: randomBytes }) } : {}),
      },
      {
        wanted: wanted.map((one) => ({ ...one, ...fromDns(one) })),
        domains: named.domains,
        anchors: have.anchors,
        timeoutMs: 45_000,
        ehlo: "verifier.example.net",
        ...(row.full ? { full: true } : {}),
        ...(typeof row.request === "function" ? row.request(have) : row.request),
      },
    );
  } finally {
    await Promise.all(open.map((server) => server.close().catch(() => undefined)));
  }
};
