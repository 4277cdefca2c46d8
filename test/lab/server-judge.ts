// What the tests of server adapters share: a certificate of two slots on a host, what openssl is served, a server's files and ports.
import { createHash } from "node:crypto";
import type { Listener, ServedCertificate } from "../../src/servers/server.ts";
import type { MailHost } from "./mail-host.ts";

type Slot = "ecdsa" | "rsa";
export const folder = "/var/lib/mailcert/certificates/mail.example.org";

/** Makes a key and a self-signed certificate on the host; `/CN=` names it, `names` are the names that it is for. */
export const makePair = async (
  host: MailHost,
  path: string,
  slot: Slot,
  name: string,
  names: readonly string[] = [name],
): Promise<void> => {
  const alternatives = names.map((one) => `${/^[\d.]+$/.test(one) ? "IP" : "DNS"}:${one}`).join(",");
  const key = slot === "ecdsa" ? "-newkey ec -pkeyopt ec_paramgen_curve:P-256" : "-newkey rsa:2048";
  await host.must(
    `mkdir -p ${path} && cd ${path} && openssl req -x509 ${key} -nodes -keyout privkey.pem -out cert.pem -days 9 -subj /CN=${name} -addext 'subjectAltName=${alternatives}' 2>&1` +
      " && cp cert.pem fullchain.pem && cp cert.pem chain.pem && cat privkey.pem fullchain.pem > combined.pem && chmod 600 privkey.pem combined.pem",
  );
};

/** Files of one slot in a folder. */
export const pathsIn = (path: string) => ({
  privkey: `${path}/privkey.pem`,
  cert: `${path}/cert.pem`,
  chain: `${path}/chain.pem`,
  fullchain: `${path}/fullchain.pem`,
  combined: `${path}/combined.pem`,
});

export const certificate: ServedCertificate = {
  name: "mail.example.org",
  names: ["mail.example.org"],
  slots: { ecdsa: pathsIn(`${folder}/live/ecdsa`), rsa: pathsIn(`${folder}/live/rsa`) },
};

const fingerprint = (pem: string): string => {
  const body = /-----BEGIN CERTIFICATE-----([\s\S]*?)-----END/.exec(pem)?.[1];
  return body === undefined ? "" : createHash("sha256").update(Buffer.from(body, "base64")).digest("hex");
};

const startTls: Readonly<Record<string, string>> = {
  smtp: "smtp",
  submission: "smtp",
  imap: "imap",
  pop3: "pop3",
  sieve: "sieve",
  lmtp: "lmtp",
};

/** The leaf that openssl is served by TLS 1.2 with signature algorithms of one kind only; "" when there is no handshake. */
export const served = async (
  host: MailHost,
  listener: Pick<Listener, "protocol" | "mode" | "port">,
  slot: Slot,
  name = "mail.example.org",
): Promise<string> => {
  const asked = name === "" ? "-noservername" : `-servername ${name}`;
  const algorithms = slot === "ecdsa" ? "ECDSA+SHA256:ECDSA+SHA384" : "RSA-PSS+SHA256:RSA+SHA256";
  const upgrade = listener.mode === "starttls" ? `-starttls ${startTls[listener.protocol]}` : "";
  const line = `timeout 5 openssl s_client -connect 127.0.0.1:${listener.port} ${upgrade} ${asked} -sigalgs ${algorithms} -tls1_2 </dev/null 2>/dev/null`;
  return fingerprint((await host.exec(line)).stdout);
};

export const leafOf = async (host: MailHost, path: string): Promise<string> =>
  fingerprint(await host.read(`${path}/cert.pem`));

export const snapshot = (host: MailHost, path: string): Promise<string> =>
  host.must(`cd ${path} && find . -printf '%p %y %m %u %g %l\\n' | sort && find . -type f | sort | xargs sha256sum`);

export const openPorts = async (host: MailHost, program: string): Promise<readonly number[]> => {
  const lines = (await host.must(`ss -Hltnp | grep '"${program}"' || true`)).split("\n");
  const ports = lines.flatMap((line) => /:(\d+)\s+\S+:\*/.exec(line)?.[1] ?? []).map(Number);
  return [...new Set(ports)].toSorted((a, b) => a - b);
};

export const certificates = "/var/lib/mailcert/certificates";

/** What a contract for servers that choose by name asks for. */
export const bySni: readonly ServedCertificate[] = [
  {
    name: "two.example.net",
    names: ["two.example.net"],
    slots: {
      ecdsa: pathsIn(`${certificates}/two.example.net/live/ecdsa`),
      rsa: pathsIn(`${certificates}/two.example.net/live/rsa`),
    },
  },
  {
    name: "wild",
    names: ["*.example.net", "mail.example.org", "two.example.net", "192.0.2.99"],
    slots: { ecdsa: pathsIn(`${certificates}/wild/live/ecdsa`) },
  },
];

/** Their files. */
export const makeBySni = async (host: MailHost): Promise<void> => {
  for (const { name, names, slots } of bySni) {
    for (const slot of Object.keys(slots) as Slot[])
      await makePair(host, `${certificates}/${name}/generations/0001/${slot}`, slot, name, names);
    await host.must(`ln -s generations/0001 ${certificates}/${name}/live`);
  }
};

/** The leaf of a certificate's files, as its settings name them. */
export const leafOfCertificate = async (host: MailHost, { slots }: ServedCertificate, slot: Slot): Promise<string> =>
  fingerprint(await host.read(slots[slot]?.cert ?? ""));

/** Both slots of `certificate`, behind `live`. */
export const makeCertificate = async (host: MailHost): Promise<void> => {
  for (const slot of ["ecdsa", "rsa"] as const)
    await makePair(host, `${folder}/generations/0001/${slot}`, slot, "mail.example.org");
  await host.must(`ln -s generations/0001 ${folder}/live`);
};
