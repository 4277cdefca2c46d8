// nginx, HAProxy and stunnel on a mail host of the lab, as Debian's packages leave them after their scripts ran; and a server adapter as it is after a yes.
import { afterAll, beforeAll, expect } from "vitest";
import type { Change, Installation, Listener, Server } from "../../src/servers/server.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import type { Suite } from "./parts.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import {
  bySni,
  certificate,
  leafOfCertificate,
  makeBySni,
  makeCertificate,
  makePair,
  openPorts,
  served,
  snapshot,
} from "./server-judge.ts";

/** All that such a server's own lines need is asked for: what `deploy --yes` does in one go, as one plan. */
export const afterYes = (server: Omit<Server, "snippet">): Omit<Server, "snippet"> => ({
  ...server,
  plan: async (installation, wanted, further) => {
    const { changes, notes } = await server.plan(installation, wanted, further);
    const all = new Map<string, Change>(changes.map((change) => [JSON.stringify(change), change]));
    for (const { edit } of await server.readBack(installation, wanted, further))
      for (const change of edit) all.set(JSON.stringify(change), change);
    return { changes: [...all.values()], notes };
  },
});

const noPlan: Server["plan"] = async () => ({ changes: [], notes: [] });

export interface ProxyLab {
  readonly host: MailHost;
  readonly server: Omit<Server, "snippet">;
  /** Debian's configuration with what is asked for, and nothing else; the running program gets it, or one is started. */
  readonly configure: (files: Readonly<Record<string, string>>) => Promise<void>;
  /** The same, until exactly these ports are open; its installation. */
  readonly ready: (files: Readonly<Record<string, string>>, ports: readonly number[]) => Promise<Installation>;
  readonly settled: (ports: readonly number[]) => Promise<void>;
  readonly openPorts: () => Promise<readonly number[]>;
  readonly applyAll: (installation: Installation, changes: readonly Change[]) => Promise<void>;
  /** All that it asks about, after a yes. */
  readonly setUp: (installation: Installation) => Promise<readonly Change[]>;
  readonly revertAll: (installation: Installation, changes: readonly Change[]) => Promise<void>;
}

export interface ProxySetUp {
  readonly server: "nginx" | "haproxy" | "stunnel";
  readonly suite: Suite;
  /** Its process, as the kernel calls it. */
  readonly program: string;
  /** What Debian's packages' scripts do. */
  readonly install: (host: MailHost) => Promise<void>;
  /** Puts one of `configure`'s files where it is read. */
  readonly put: (host: MailHost, name: string, text: string) => Promise<unknown>;
  /** A line for sh: it reads what stands there now, running or not. */
  readonly start: string;
}

interface Opened {
  readonly host: MailHost;
  readonly server: Omit<Server, "snippet">;
}

/** A certificate of two slots behind `live`, and what stood there before: /etc/ssl/before/{ecdsa,rsa}, whose names are others. */
export const openProxyLab = async (name: ProxySetUp["server"], suite: Suite = "trixie"): Promise<Opened> => {
  const host = await startMailHost({ suite, proxies: true });
  await Promise.all([installDriver(host), makeCertificate(host)]);
  for (const slot of ["ecdsa", "rsa"] as const)
    await makePair(host, `/etc/ssl/before/${slot}`, slot, "before.example.org");
  return { host, server: remoteServer(host, name) };
};

/** A mail host with a proxy for the tests of the describe block around, and the certificates of `bySni`; what it holds is there once its `beforeAll` ran. */
export const proxyLab = ({ server: name, suite, program, install, put, start }: ProxySetUp): ProxyLab => {
  let made: Opened | undefined;
  const here = (): NonNullable<typeof made> => {
    if (!made) throw new Error("the host is not up yet");
    return made;
  };
  beforeAll(async () => {
    made = await openProxyLab(name, suite);
    const { host } = made;
    await Promise.all([makeBySni(host), install(host)]);
    await host.must(`mkdir /root/etc && cp -a /etc/${name} /root/etc/`);
  });
  afterAll(() => made?.host.stop());

  const openPortsOf = (): Promise<readonly number[]> => openPorts(here().host, program);
  const lab = {
    get host() {
      return here().host;
    },
    get server() {
      return here().server;
    },
    openPorts: openPortsOf,
    configure: async (files: Readonly<Record<string, string>>) => {
      const { host } = here();
      await host.must(`rm -rf /etc/${name} && cp -a /root/etc/${name} /etc/`);
      for (const [file, text] of Object.entries(files)) await put(host, file, text);
      await host.must(start);
    },
    settled: (ports: readonly number[]) => expect.poll(openPortsOf, { timeout: 20_000 }).toEqual(ports),
    ready: async (files: Readonly<Record<string, string>>, ports: readonly number[]) => {
      await lab.configure(files);
      await lab.settled(ports);
      const [found] = await here().server.detect();
      if (!found) throw new Error("not detected");
      return found;
    },
    applyAll: async (installation: Installation, changes: readonly Change[]) => {
      for (const change of changes) await here().server.apply(installation, change);
    },
    setUp: async (installation: Installation) => {
      const { server } = here();
      const changes = (await afterYes({ ...server, plan: noPlan }).plan(installation, certificate)).changes;
      await lab.applyAll(installation, changes);
      return changes;
    },
    revertAll: async (installation: Installation, changes: readonly Change[]) => {
      for (const change of changes.toReversed())
        expect(await here().server.revert(installation, change)).toBe("reverted");
    },
  };
  return lab;
};

/** What the contract asks of every proxy alike. */
export const judged = (lab: ProxyLab, etc: string) => ({
  server: afterYes(lab.server),
  certificate,
  bySni,
  snapshot: () => snapshot(lab.host, etc),
  openPorts: lab.openPorts,
  served: (listener: Listener, slot: "ecdsa" | "rsa", name?: string) => served(lab.host, listener, slot, name),
  leaf: (slot: "ecdsa" | "rsa", of = certificate) => leafOfCertificate(lab.host, of, slot),
});

/** A line of ours without its mark. */
export const unmarked = (text: string): string =>
  text
    .replace(/^(\s*); mailcert [0-9a-f]{8}\n/, "")
    .replace(/ # mailcert [0-9a-f]{8}$/, "")
    .replace(/^# mailcert [0-9a-f]{8}: /, "# mailcert: ");

/** Debian's links of the modules, its folders, no web site of its own. */
export const installNginx = async (host: MailHost): Promise<void> => {
  await host.must(`cd /etc/nginx && rm -f sites-enabled/default && mkdir -p /var/lib/nginx /var/log/nginx
ln -s /usr/share/nginx/modules-available/mod-mail.conf modules-enabled/50-mod-mail.conf
ln -s /usr/share/nginx/modules-available/mod-stream.conf modules-enabled/70-mod-stream.conf
echo 'include /etc/nginx/proxies/*.conf;' >> nginx.conf; mkdir proxies`);
};

/** Debian's user and folders; `mode tcp` for what follows. */
export const installHaproxy = async (host: MailHost): Promise<void> => {
  await host.must(`groupadd --system haproxy && useradd --system --gid haproxy --home-dir /var/lib/haproxy haproxy
mkdir -p /run/haproxy /var/lib/haproxy
printf 'defaults\n\tmode tcp\n\ttimeout connect 5s\n\ttimeout client 10m\n\ttimeout server 10m\n' >> /etc/haproxy/haproxy.cfg`);
};

/** Debian's user and folder. */
export const installStunnel = async (host: MailHost): Promise<void> => {
  await host.must(`groupadd --system stunnel4 && useradd --system --gid stunnel4 --home-dir /run/stunnel4 stunnel4
install -d -o stunnel4 -g stunnel4 /run/stunnel4`);
};

/** The mail server behind, at port 9143: stunnel hands IMAP on to it, and says STARTTLS by itself. */
export const startBehind = async (host: MailHost): Promise<void> => {
  host.spawn([
    "python3",
    "-c",
    `import socketserver
class Mail(socketserver.StreamRequestHandler):
  def handle(self):
    self.wfile.write(b"* OK ready\\r\\n")
    for line in self.rfile: self.wfile.write(b"* CAPABILITY IMAP4rev1\\r\\n" + line.split()[0] + b" OK\\r\\n")
socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", 9143), Mail).serve_forever()`,
  ]);
  await host.must("for i in $(seq 400); do [ -n \"$(ss -Hltn 'sport = :9143')\" ] && exit 0; sleep 0.05; done; exit 1");
};
