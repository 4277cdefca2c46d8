// The folders of other ACME clients, written as those clients lay them out; keys and certificates are made on the spot.
import { createPrivateKey, generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Issued, type IssueOptions, issue } from "./pki.ts";

export interface Ca {
  readonly root: Issued;
  readonly intermediate: Issued;
}

export const makeCa = async (): Promise<Ca> => {
  const root = await issue({ subject: "CN=Test Root", ca: true });
  return { root, intermediate: await issue({ subject: "CN=Test Intermediate", ca: true, by: root }) };
};

export const leafOf = (ca: Ca, names: readonly string[], more: IssueOptions = {}): Promise<Issued> =>
  issue({ names, by: ca.intermediate, ...more });

export const put = (path: string, text: string, mode = 0o600): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  writeFileSync(path, text, { mode });
  chmodSync(path, mode);
};

type AccountKey = "RSA" | "P-256" | "P-384" | "P-521" | "Ed25519";

export const accountKey = (kind: AccountKey): string => {
  const { privateKey } =
    kind === "RSA"
      ? generateKeyPairSync("rsa", { modulusLength: 2048 })
      : kind === "Ed25519"
        ? generateKeyPairSync("ed25519")
        : generateKeyPairSync("ec", { namedCurve: kind });
  return privateKey.export({ type: "pkcs8", format: "pem" }) as string;
};

/** The older form, which OpenSSL writes with a block of parameters in front. */
export const sec1 = (pem: string): string =>
  `-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${createPrivateKey(pem).export({ type: "sec1", format: "pem" }) as string}`;

export const directory = "https://ca.example.org:14000/dir";

export const certbotAccount = (
  folder: string,
  id: string,
  key: string,
  url: string | undefined,
  at = "2026-01-01T00:00:00Z",
  email?: string,
): void => {
  const place = join(folder, "accounts/ca.example.org:14000/dir", id);
  put(join(place, "private_key.json"), JSON.stringify(createPrivateKey(key).export({ format: "jwk" })), 0o400);
  put(
    join(place, "regr.json"),
    JSON.stringify({
      body: email === undefined ? {} : { contact: [`mailto:${email}`] },
      ...(url === undefined ? {} : { uri: url }),
    }),
  );
  put(join(place, "meta.json"), JSON.stringify({ creation_dt: at, creation_host: "mail.example.org" }));
};

export const certbotLineage = (
  folder: string,
  name: string,
  leaf: Issued,
  chain: readonly Issued[],
  params: string,
): void => {
  const files = { privkey: leaf.privateKey, cert: leaf.pem, chain: chain.map(({ pem }) => pem).join("") };
  for (const [kind, text] of Object.entries(files)) {
    put(join(folder, "archive", name, `${kind}1.pem`), text);
    mkdirSync(join(folder, "live", name), { recursive: true });
    symlinkSync(`../../archive/${name}/${kind}1.pem`, join(folder, "live", name, `${kind}.pem`));
  }
  put(
    join(folder, "renewal", `${name}.conf`),
    `# renew_before_expiry = 30 days\nversion = 2.1.0\narchive_dir = /etc/letsencrypt/archive/${name}\n` +
      `cert = /etc/letsencrypt/live/${name}/cert.pem\n\n# Options used in the renewal process\n[renewalparams]\n${params}`,
  );
};

export const acmeShDomain = (
  home: string,
  name: string,
  leaf: Issued,
  chain: readonly Issued[],
  conf: string,
): void => {
  const domain = name.replace(/_ecc$/, "");
  const at = (file: string): string => join(home, name, file);
  put(at(`${domain}.key`), leaf.privateKey);
  put(at(`${domain}.cer`), leaf.pem);
  put(at("ca.cer"), chain.map(({ pem }) => pem).join(""));
  put(at("fullchain.cer"), [leaf, ...chain].map(({ pem }) => pem).join(""));
  put(at(`${domain}.conf`), `Le_Domain='${domain}'\nLe_API='${directory}'\n${conf}`);
};

export const acmeShAccount = (home: string, key: string, url: string): void => {
  const place = join(home, "ca/ca.example.org/dir");
  put(join(place, "account.key"), key);
  put(join(place, "ca.conf"), `CA_KEY_HASH='x'\nACCOUNT_URL='${url}'\nCA_EMAIL='postmaster@example.org'\n`);
};

/** Version 5 writes `server` down, and has the key beside the account. */
export const legoAccount = (folder: string, key: string, url: string, version: 4 | 5): void => {
  const place = join(folder, "accounts/ca.example.org_14000/me@example.org");
  const registration = { body: { status: "valid" }, ...(version === 4 ? { uri: url } : { location: url }) };
  const account = { email: "me@example.org", ...(version === 4 ? {} : { server: directory }), registration };
  put(join(place, "account.json"), JSON.stringify(account));
  put(join(place, version === 4 ? "keys" : ".", "me@example.org.key"), key);
};

export const legoLineage = (folder: string, name: string, leaf: Issued, chain: readonly Issued[]): void => {
  const at = (end: string): string => join(folder, "certificates", `${name}.${end}`);
  const issuers = chain.map(({ pem }) => pem).join("");
  put(at("key"), leaf.privateKey);
  put(at("crt"), leaf.pem + issuers);
  put(at("issuer.crt"), issuers);
  put(at("json"), JSON.stringify({ domain: name, certUrl: "https://ca.example.org:14000/certZ/1" }));
};

export const dehydratedAccount = (base: string, key: string, url: string): void => {
  const account = join(base, "accounts", Buffer.from(`${directory}\n`).toString("base64url"));
  put(join(account, "account_key.pem"), key);
  put(join(account, "account_id.json"), JSON.stringify({ url }));
  put(join(account, "registration_info.json"), JSON.stringify({ status: "valid" }));
};

export const dehydratedLineage = (base: string, name: string, leaf: Issued, chain: readonly Issued[]): void => {
  const files = { privkey: leaf.privateKey, cert: leaf.pem, chain: chain.map(({ pem }) => pem).join("") };
  for (const [kind, text] of Object.entries(files)) {
    put(join(base, `certs/${name}/${kind}-1.pem`), text);
    symlinkSync(`${kind}-1.pem`, join(base, `certs/${name}/${kind}.pem`));
  }
};
