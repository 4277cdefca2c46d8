// nginx, HAProxy and stunnel on a mail host of the lab, as Debian's packages leave them after their scripts ran; and a server adapter as it is after a yes.
import type { Change, Listener, Server } from "../../src/servers/server.ts";
import { type MailHost, startMailHost } from "./mail-host.ts";
import { installDriver, remoteServer } from "./remote-server.ts";
import { certificate, leafOfCertificate, makeCertificate, makePair, served, snapshot } from "./server-judge.ts";

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

export interface ProxyLab {
  readonly host: MailHost;
  readonly server: Omit<Server, "snippet">;
}

/** A certificate of two slots behind `live`, and what stood there before: /etc/ssl/before/{ecdsa,rsa}, whose names are others. */
export const openProxyLab = async (name: "nginx" | "haproxy" | "stunnel"): Promise<ProxyLab> => {
  const host = await startMailHost({ suite: "trixie", proxies: true });
  await installDriver(host);
  await makeCertificate(host);
  for (const slot of ["ecdsa", "rsa"] as const)
    await makePair(host, `/etc/ssl/before/${slot}`, slot, "before.example.org");
  return { host, server: remoteServer(host, name) };
};

/** What the contract asks of every proxy alike; `etc`: the folder of its configuration. */
export const judged = ({ host, server }: ProxyLab, etc: string) => ({
  server: afterYes(server),
  certificate,
  snapshot: () => snapshot(host, etc),
  served: (listener: Listener, slot: "ecdsa" | "rsa", name?: string) => served(host, listener, slot, name),
  leaf: (slot: "ecdsa" | "rsa", of = certificate) => leafOfCertificate(host, of, slot),
});

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
