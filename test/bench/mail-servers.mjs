// Six scripted mail servers (test/fakes/mail-server.ts) in a process of their own. Arguments: that module bundled, a key, a chain.
// Writes one URL a line, then an empty line; ends with its standard input.
import { readFileSync } from "node:fs";

const [bundle, key, cert] = process.argv.slice(2);
const { mailServer, startServer } = await import(bundle);
const tls = { key: readFileSync(key), cert: readFileSync(cert) };
for (const [scheme, protocol, mode] of [
  ["imap", "imap", "starttls"],
  ["imaps", "imap", "implicit"],
  ["pop3", "pop3", "starttls"],
  ["pop3s", "pop3", "implicit"],
  ["submission", "submission", "starttls"],
  ["submissions", "submission", "implicit"],
]) {
  const { port } = await startServer(mailServer(protocol, mode), tls);
  process.stdout.write(`${scheme}://mail.example.org:${port}\n`);
}
process.stdout.write("\n");
process.stdin.resume().on("end", () => process.exit(0));
