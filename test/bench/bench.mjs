// npm run bench: the budgets of docs/performance.md, measured. Whole processes in turn, medians, ratios; ends with 1 when a bound is missed.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { loadavg, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { allDue, nothingDue, proven } from "./fixtures.mjs";
import { fleet } from "./fleet.mjs";
import { startDovecot, startMailServers, startPebble } from "./lab.mjs";
import { compare, runOnce } from "./measure.mjs";

const usage = `npm run bench -- [--quick] [--pairs N] [--only TEXT] [--no-acme] [--no-testssl] [--clean-env]
  --quick      5 pairs of runs for each row instead of 15
  --only TEXT  the rows whose name has TEXT in it
  --no-acme    leave out the rows that need Pebble (test/lab builds it, as root on Debian)
  --no-testssl leave out the row that needs a Debian host with testssl, which takes minutes (test/lab builds it, as root on Debian)
  --clean-env  hand on PATH alone: NODE_EXTRA_CA_CERTS makes every Node start slower, and so every ratio smaller`;

/** A bound counts as missed when the ratio is above it by more than this: two medians of one thing differ by as much. */
const margin = 0.05;

const { values: options } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    pairs: { type: "string" },
    only: { type: "string", default: "" },
    "no-acme": { type: "boolean", default: false },
    "no-testssl": { type: "boolean", default: false },
    "clean-env": { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});
if (options.help) {
  console.log(usage);
  process.exit(0);
}

const root = join(import.meta.dirname, "../..");
const pairs = Number(options.pairs ?? (options.quick ? 5 : 15));
const { NODE_OPTIONS: _options, MAILCERT_PATH: _path, ...inherited } = process.env;
// Names of the bench are nobody's: no name server is asked about them, neither here nor elsewhere.
const env = {
  ...(options["clean-env"] ? { PATH: inherited.PATH } : inherited),
  MAILCERT_RESOLV_CONF: "/dev/null",
};
const node = (...args) => ({ argv: [process.execPath, ...args] });
const mailcert = (...args) => node(join(root, "bin/mailcert.js"), ...args);
const bare = node("-e", "0");
const script = (name, ...args) => node(join(import.meta.dirname, name), ...args);

const folder = mkdtempSync(join(tmpdir(), "mailcert-bench-"));
const inFolder = (name) => {
  mkdirSync(join(folder, name), { recursive: true });
  return join(folder, name);
};
const rows = [];
const failures = [];

const wanted = (name) => name.includes(options.only);
const record = (name, measured, bound, note = "") => {
  const ok = bound === undefined || measured.measured / measured.base <= bound * (1 + margin);
  rows.push({ name, ...measured, bound, ok, note });
  if (!ok) failures.push(name);
  console.error(`  ${name}: ${ratioOf(measured.base, measured.measured)}`);
};
const row = async (name, base, measured, bound) => {
  if (wanted(name)) record(name, await compare(base, measured, pairs, env), bound);
};
/** What must hold besides the time. */
const check = (name, ok, what) => {
  console.error(`  ${name}: ${what}${ok ? "" : ": FAILED"}`);
  if (!ok) failures.push(`${name} (${what})`);
};

const startUp = async () => {
  await row("--version", bare, mailcert("--version"), 1.3);
  await row("--help", bare, mailcert("--help"));
};

const renew = async () => {
  const sets = [
    ["renew, nothing due, 1 certificate", 1, () => "hostmaster@hoster.example", 1.8],
    ["renew, nothing due, 1,000 certificates", 1000, () => "hostmaster@hoster.example", 6],
    ["renew, the same, an e-mail address each", 1000, (domain) => `postmaster@${domain}`, undefined],
  ];
  for (const [index, [name, count, emailOf, bound]] of sets.entries()) {
    if (!wanted(name)) continue;
    const command = mailcert("renew", ...nothingDue(inFolder(`renew-${index}`), count, emailOf));
    const { stdout } = await runOnce({ argv: [...command.argv, "--json"] }, env, true);
    const idle = JSON.parse(stdout).certificates.filter(({ decision }) => decision.action === "nothing");
    await row(name, bare, command, bound);
    check(name, idle.length === count, `nothing to do for ${idle.length} of ${String(count)}`);
  }
};

const issue = async () => {
  const files = (issuer, out) => ({
    ...mailcert("issue", "mail.example.org", "--issuer", issuer, "--out", out, "--state", inFolder("state")),
    // A key that is there already would be kept.
    before: () => rmSync(out, { recursive: true, force: true }),
  });
  await row("issue --issuer self-signed --out", bare, files("self-signed", inFolder("self-signed")), 2.5);
  await row("issue --out, private CA", bare, files("private-ca", inFolder("private-ca")), 3.2);
};

/** Every file of every format, written anew: the root of a private CA, and the accounts of two servers that were proven. */
const bundle = async () => {
  const name = "bundle, all formats";
  if (!wanted(name)) return;
  const [host, state, out] = ["mail.example.org", inFolder("bundle-state"), join(folder, "bundle")];
  const config = join(folder, "bundle.yaml");
  writeFileSync(config, `certificates:\n  ${host}:\n`);
  const places = ["-c", config, "--state", state];
  await runOnce(mailcert("issue", host, ...places), env);
  proven(state, host);
  const command = mailcert("bundle", ...places, "--out", out);
  const { stdout } = await runOnce({ argv: [...command.argv, "--json"] }, env, true);
  const { account } = JSON.parse(stdout);
  await row(name, bare, { ...command, before: () => rmSync(out, { recursive: true, force: true }) }, 4);
  check(
    name,
    account.proven.length === 6 && account.omitted.length === 0,
    `${account.proven.length} entry points in the account files`,
  );
};

const verify = async () => {
  const name = "verify, 6 entry points";
  if (!wanted(name)) return;
  const tls = inFolder("tls");
  await runOnce(mailcert("issue", "mail.example.org", "--out", tls, "--state", inFolder("tls-state")), env);
  const servers = await startMailServers(folder, { key: join(tls, "privkey.pem"), cert: join(tls, "fullchain.pem") });
  const ca = join(tls, "ca.pem");
  const ours = mailcert("verify", "--quick", "--address", "127.0.0.1", "--ca-file", ca, ...servers.urls);
  try {
    await row(name, script("bare-handshakes.mjs", ca, ...servers.urls), ours, 1.4);
    const [program, ...args] = ours.argv;
    const watch = join(import.meta.dirname, "watch.cjs");
    const { stderr } = await runOnce({ argv: [program, "--require", watch, ...args] }, env);
    const { contexts, files } = JSON.parse(/^watched:(.*)$/m.exec(stderr)[1]);
    check(name, contexts === 1, `${contexts} trust store made (bound 1)`);
    const { outputs } = JSON.parse(readFileSync(join(root, "dist/meta.json"), "utf8"));
    const writers = Object.entries(outputs).filter(([, output]) =>
      Object.keys(output.inputs).some((input) => input.includes("node_modules/@peculiar/x509/")),
    );
    const loaded = writers.filter(([path]) => files.includes(join(root, path)));
    check(name, writers.length > 0 && loaded.length === 0, "@peculiar/x509 not loaded");
  } finally {
    servers.stop();
  }
};

const many = () =>
  fleet({ wanted, record, check, folder: inFolder("fleet"), mailcert, script, pairs, quick: options.quick, env });

const installed = (program) => spawnSync(program, ["--version"], { stdio: "ignore" }).status === 0;

/** certbot and lego doing what the ACME row does: a new account, one ECDSA name, http-01 by a listener of their own. */
const otherClients = (place, { directoryUrl, caFile, httpPort }, domain) => {
  const before = () => rmSync(place, { recursive: true, force: true });
  const folders = ["config", "work", "logs"].flatMap((name) => [`--${name}-dir`, join(place, name)]);
  const standalone = ["--standalone", "--http-01-port", String(httpPort), "--http-01-address", "127.0.0.1"];
  const quiet = ["--non-interactive", "--agree-tos", "--email", "bench@bench.example"];
  const certbot = {
    argv: [
      "certbot",
      "certonly",
      "--server",
      directoryUrl,
      "--key-type",
      "ecdsa",
      "-d",
      domain,
      ...standalone,
      ...folders,
      ...quiet,
    ],
    env: { REQUESTS_CA_BUNDLE: caFile },
    before,
  };
  const http = ["--http", "--http.port", `127.0.0.1:${httpPort}`];
  const whom = ["--accept-tos", "--email", "bench@bench.example", "--domains", domain, "--key-type", "ec256"];
  const lego = {
    argv: ["lego", "--server", directoryUrl, "--path", place, ...whom, ...http, "run"],
    env: { LEGO_CA_CERTIFICATES: caFile },
    before,
  };
  return Object.entries({ certbot, lego }).filter(([program]) => installed(program));
};

const acme = async () => {
  const name = "ACME http-01, one ECDSA name";
  if (!wanted(name)) return;
  if (options["no-acme"]) {
    console.error(`  ${name}: LEFT OUT (--no-acme)`);
    return;
  }
  const pebble = await startPebble(folder).catch((error) => {
    throw new Error(`Pebble cannot be had here: ${error.message}\nwithout that row: npm run bench -- --no-acme`);
  });
  try {
    const state = join(folder, "acme-state");
    const out = inFolder("acme");
    const domain = "mail.bench.example";
    const server = ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile];
    const account = ["--agree-tos", "--email", "bench@bench.example"];
    const places = ["--out", out, "--state", state, "--http-address", `127.0.0.1:${pebble.httpPort}`];
    const ours = mailcert("issue", domain, "--issuer", "acme", ...server, ...account, ...places);
    // Both make an account each time.
    ours.before = () => [state, out].forEach((place) => rmSync(place, { recursive: true, force: true }));
    const chain = join(folder, "bare-chain.pem");
    const theirs = script("bare-acme.mjs", pebble.directoryUrl, pebble.caFile, String(pebble.httpPort), domain, chain);
    const requests = async (command) => {
      const count = () => pebble.log().match(/-> calling handler\(\)/g)?.length ?? 0;
      const before = count();
      await runOnce(command, env);
      return count() - before;
    };
    const [ourRequests, theirRequests] = [await requests(ours), await requests(theirs)];
    await row(name, theirs, ours, 0.8);
    check(
      name,
      ourRequests > 0 && ourRequests <= 14,
      `${ourRequests} requests (bound 14; acme-client ${theirRequests})`,
    );
    // For comparison, where they are installed (both are in Debian); they are slow, so a few pairs do.
    for (const [other, command] of otherClients(inFolder("others"), pebble, domain)) {
      record(`${other}, the same`, await compare(theirs, command, Math.min(pairs, 3), env), undefined);
    }
  } finally {
    await pebble.stop();
  }
};

/** How fast a hoster's certificates come when all are due at once: no bound of its own, but every one must come. */
const renewMany = async () => {
  const name = "renew, 200 certificates due at once by ACME";
  if (!wanted(name) || options["no-acme"]) return;
  const count = options.quick ? 40 : 200;
  const pebble = await startPebble(folder);
  try {
    const places = allDue(inFolder("many"), count, pebble);
    const [program, ...args] = mailcert("renew", ...places, "--json").argv;
    const requests = () => pebble.log().match(/-> calling handler\(\)/g)?.length ?? 0;
    const watch = join(import.meta.dirname, "watch.cjs");
    const { ms, stdout, stderr } = await runOnce({ argv: [program, "--require", watch, ...args] }, env, true);
    const issued = JSON.parse(stdout).certificates.filter((one) => one.issued !== undefined);
    const { maxRSS } = JSON.parse(/^watched:(.*)$/m.exec(stderr)[1]);
    const each = (requests() / count).toFixed(1);
    const speed = `${((count / ms) * 1000).toFixed(1)} certificates a second, ${each} requests each`;
    check(
      name,
      issued.length === count,
      `${issued.length} of ${count} issued, ${speed}, ${Math.round(maxRSS / 1024)} MiB`,
    );
  } finally {
    await pebble.stop();
  }
};

const median = (values) => values.toSorted((left, right) => left - right)[Math.floor(values.length / 2)];

/** Everything that testssl finds out about a port, once; everything that verify --full does, in the median. Whole processes, on the server's host. */
const fullProfile = async () => {
  const name = "verify --full of an IMAP port, against testssl";
  if (!wanted(name)) return;
  if (options["no-testssl"]) {
    console.error(`  ${name}: LEFT OUT (--no-testssl)`);
    return;
  }
  const host = await startDovecot(folder).catch((error) => {
    throw new Error(
      `a Debian host cannot be had here: ${error.message}\nwithout that row: npm run bench -- --no-testssl`,
    );
  });
  try {
    const timed = async (command) => {
      const before = (await host.log()).match(/imap-login: /g)?.length ?? 0;
      const start = performance.now();
      await host.exec(command, { timeoutMs: 600_000 });
      const ms = performance.now() - start;
      // Dovecot writes the last line when the connection is gone.
      await host.exec("sleep 1");
      return { ms, connections: ((await host.log()).match(/imap-login: /g)?.length ?? 0) - before };
    };
    const full = [
      "mailcert",
      "verify",
      "imap://mail.example.org",
      "--full",
      "--ca-file",
      "/etc/ssl/certs/ssl-cert-snakeoil.pem",
    ];
    const runs = [];
    for (let count = 0; count <= pairs; count += 1) runs.push(await timed(full));
    const ours = runs.slice(1);
    const testssl = "testssl --quiet --color 0 --warnings off --nodns none -t imap mail.example.org:143";
    const theirs = await timed(testssl);
    record(name, { base: theirs.ms, measured: median(ours.map(({ ms }) => ms)) }, 0.01);
    const most = Math.max(...ours.map(({ connections }) => connections));
    check(name, most > 5 && most <= 10, `${most} connections (bound 10; testssl ${theirs.connections})`);
  } finally {
    await host.stop();
  }
};

const ratioOf = (base, measured) => `${(measured / base).toFixed(measured < base / 10 ? 4 : 2)}x`;

const table = () => {
  const cells = rows.map(({ name, base, measured, bound, ok }) => [
    name,
    base.toFixed(1),
    measured.toFixed(1),
    ratioOf(base, measured),
    bound === undefined ? "" : `<= ${bound}x`,
    bound === undefined ? "" : measured / base <= bound ? "pass" : ok ? "pass, within the margin" : "MISSED",
  ]);
  const lines = [["row", "against, ms", "mailcert, ms", "ratio", "bound", ""], ...cells];
  const widths = lines[0].map((_, column) => Math.max(3, ...lines.map((line) => line[column].length)));
  const text = (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column])).join(" | ")} |`;
  return [text(lines[0]), text(widths.map((width) => "-".repeat(width))), ...lines.slice(1).map(text)].join("\n");
};

const load = () => loadavg()[0].toFixed(1);
console.error(`Node ${process.versions.node}, ${cpus().length} cores, ${pairs} pairs of runs a row, load ${load()}`);
if (env.NODE_EXTRA_CA_CERTS !== undefined) {
  console.error(
    "NODE_EXTRA_CA_CERTS is set: every Node reads that file when it starts. --clean-env measures without it.",
  );
}
try {
  for (const part of [startUp, renew, issue, bundle, verify, many, acme, renewMany, fullProfile]) await part();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(table());
console.log(
  `\nMedians of ${pairs}; a bound is missed when the ratio is more than ${margin * 100} % above it. Load at the end ${load()}.`,
);
if (failures.length > 0) {
  console.log(`Missed: ${failures.join("; ")}`);
  process.exitCode = 1;
}
