// State folders and configurations for `renew` with nothing due: certificates that were issued ten days ago for ninety and are verified.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const day = 86_400_000;
const directory = "https://acme-v02.api.letsencrypt.org/directory";

const stateOf = (name, now) => {
  const at = (days) => new Date(now + days * day).toISOString();
  const leaf = "a1".repeat(32);
  const entries = ["imap", "imaps", "pop3", "pop3s", "sieve"].map((protocol) => ({
    url: `${protocol}://${name}`,
    address: "192.0.2.10",
    verdict: "proven",
    leaf,
  }));
  const generation = {
    number: 1,
    names: [name],
    issuer: "acme",
    authority: directory,
    createdAt: at(-10),
    notBefore: at(-10),
    notAfter: at(80),
    leaves: { ecdsa: { sha256: leaf, spkiSha256: "b2".repeat(32), key: "0001", algorithm: "ecdsa" } },
  };
  return {
    schema: "mailcert.state/1",
    name,
    generations: [generation],
    keys: { ecdsa: { current: "0001", old: [] } },
    target: 1,
    stage: "verified",
    // Proven an hour ago: older proofs are repeated.
    deployments: { dovecot: { server: "dovecot", generation: 1, at: at(-1 / 24), entries } },
    attempts: 0,
    // The CA was asked an hour ago when it would like a renewal, and wants to be asked again in five.
    ari: {
      generation: 1,
      nextPoll: at(5 / 24),
      windows: { ecdsa: { start: at(49), end: at(51), chosen: at(50) } },
    },
  };
};

/** Certificates that were never issued, all due now. @returns the arguments that name configuration and state. */
export const allDue = (folder, count, { directoryUrl, caFile, httpPort }) => {
  const lines = ["certificates:"];
  for (let number = 0; number < count; number += 1) {
    lines.push(`  mail.customer${String(number).padStart(4, "0")}.example:`, "    issuer: acme");
    lines.push(`    acme: ${directoryUrl}`, `    ca_file: ${caFile}`, "    agree_tos: true");
    lines.push(`    http_address: "127.0.0.1:${httpPort}"`, "    servers: none");
  }
  const config = join(folder, "mailcert.yaml");
  writeFileSync(config, `${lines.join("\n")}\n`);
  return ["-c", config, "--state", join(folder, "state")];
};

/** What two servers' deployment leaves in the state of a certificate that was issued there: `bundle` needs no more of it. */
export const proven = (state, name) => {
  const path = join(state, "certificates", name, "state.json");
  const at = new Date().toISOString();
  const record = (server, ...schemes) => ({
    server,
    generation: 1,
    at,
    entries: schemes.flatMap(([scheme, port]) =>
      ["127.0.0.1", "192.0.2.10"].map((address) => ({
        url: `${scheme}://${name}:${port}`,
        address,
        slot: "ecdsa",
        verdict: "proven",
      })),
    ),
  });
  const dovecot = record("dovecot", ["imap", 143], ["imaps", 993], ["pop3", 110], ["pop3s", 995], ["sieve", 4190]);
  const postfix = record("postfix", ["smtp", 25], ["submission", 587], ["submissions", 465]);
  const before = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...before, stage: "verified", deployments: { dovecot, postfix } }));
};

/** Files as a run looks for them: there, and not empty. */
const liveFiles = (folder) => {
  const slot = join(folder, "generations/0001/ecdsa");
  mkdirSync(slot, { recursive: true });
  for (const file of ["cert.pem", "chain.pem", "fullchain.pem", "privkey.pem", "combined.pem"])
    writeFileSync(join(slot, file), "-----BEGIN\n");
  symlinkSync("generations/0001", join(folder, "live"));
};

/** Three lines for each certificate. @returns the arguments that name configuration and state. */
export const nothingDue = (folder, count, emailOf) => {
  const state = join(folder, "state");
  const config = join(folder, "mailcert.yaml");
  const now = Date.now();
  const lines = ["certificates:"];
  for (let number = 0; number < count; number += 1) {
    const domain = `customer${String(number).padStart(4, "0")}.example`;
    const name = `mail.${domain}`;
    lines.push(`  ${name}:`, "    issuer: letsencrypt", `    email: ${emailOf(domain)}`);
    liveFiles(join(state, "certificates", name));
    writeFileSync(
      join(state, "certificates", name, "state.json"),
      `${JSON.stringify(stateOf(name, now), undefined, 2)}\n`,
    );
  }
  writeFileSync(config, `${lines.join("\n")}\n`);
  return ["-c", config, "--state", state];
};
