// Mail hosts for the fleet rows, in a process of its own: each host an address of 127/8 with a certificate of its own and eight entry points.
// Arguments: a module with what it needs of the tests' fakes, how many hosts, a folder. Writes ca.pem and targets.txt there, then one line; ends with
// its standard input.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createSecureContext } from "node:tls";

const [bundle, count, folder] = process.argv.slice(2);
const { issue, mailServer, startServer } = await import(bundle);

const entries = [
  ["smtp", "smtp", "starttls"],
  ["submission", "submission", "starttls"],
  ["submissions", "submission", "implicit"],
  ["imap", "imap", "starttls"],
  ["imaps", "imap", "implicit"],
  ["pop3", "pop3", "starttls"],
  ["pop3s", "pop3", "implicit"],
  ["sieve", "sieve", "starttls"],
];

const root = await issue({ subject: "CN=Bench Root", ca: true });
const ca = await issue({ subject: "CN=Bench CA", ca: true, by: root });
writeFileSync(join(folder, "ca.pem"), root.pem);
const targets = [];
for (let host = 0; host < Number(count); host += 1) {
  const address = `127.77.${Math.floor(host / 250)}.${(host % 250) + 1}`;
  const leaf = await issue({ names: [`mail${host}.bench.example`], ips: [address], by: ca });
  const secureContext = createSecureContext({ key: leaf.privateKey, cert: `${leaf.pem}${ca.pem}` });
  for (const [scheme, protocol, mode] of entries) {
    const { port } = await startServer(mailServer(protocol, mode), { secureContext }, address);
    targets.push(`${scheme}://${address}:${port}`);
  }
}
writeFileSync(join(folder, "targets.txt"), `${targets.join("\n")}\n`);
process.stdout.write(`${targets.length}\n`);
process.stdin.resume().on("end", () => process.exit(0));
