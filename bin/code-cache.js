// Keeps what V8 compiled of dist/ beside each file, once after a build: lives through a few runs in a folder of their own, then writes. Run by bin/build.js.
const { mkdtempSync, rmSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { runInside } = require("./host.js");
const { compiled } = require("./load.js");

/** What timers and monitors run, and what needs no mail server. */
const runs = (config, state, out) => [
  ["--help"],
  ["issue", "mail.example.org", "-c", config, "--state", state],
  ["issue", "ca.example.org", "-c", config, "--state", state],
  ["bundle", "ca.example.org", "--out", out, "--url", "https://mail.example.org/", "-c", config, "--state", state],
  ["renew", "-c", config, "--state", state],
  ["status", "-c", config, "--state", state],
  // Nobody listens there: refused at once.
  ["verify", "imap://127.0.0.1:1", "-c", config, "--state", state],
];

const main = async () => {
  // No questions to anybody's DNS: there may be nobody who answers, and a package's installation waits for this.
  process.env.MAILCERT_RESOLV_CONF = "/dev/null";
  const folder = mkdtempSync(join(tmpdir(), "mailcert-build-"));
  try {
    const config = join(folder, "mailcert.yaml");
    writeFileSync(
      config,
      `certificates:\n${["mail.example.org:\n    issuer: self-signed", "ca.example.org:\n    issuer: private-ca"].map((one) => `  ${one}\n    servers: none\n`).join("")}`,
    );
    const silent = () => undefined;
    for (const argv of runs(config, join(folder, "state"), join(folder, "bundle"))) {
      await runInside({ argv, stdout: silent, stderr: silent, signal: new AbortController().signal });
    }
    for (const { path, content } of compiled()) writeFileSync(path, content());
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

void main();
