// Runs inside a mail host: connects to every TLS port every 50 ms and keeps what leaf it got; looks at the files behind `live`. One JSON
// document a line on stdin ({"do": "begin" | "end" | "look" | "files", ...}) and one for each on stdout.
import { X509Certificate, createHash, createPrivateKey } from "node:crypto";
import { existsSync, lstatSync, readFileSync, readdirSync, readlinkSync, realpathSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import tls from "node:tls";

const { name, entries, intervalMs, timeoutMs } = JSON.parse(process.argv[2] ?? "{}");
const folder = `/var/lib/mailcert/certificates/${name}`;
const address = "127.0.0.1";

/** Made once, with the cheapest key exchange: forty handshakes a second are paid for by both sides. */
const contextWith = (more) => tls.createSecureContext({ ca: [], ecdhCurve: "X25519", ...more });
/** What the ClientHello says: a server with two certificates serves the one of this kind. */
const contexts = {
  any: contextWith({}),
  ecdsa: contextWith({ sigalgs: "ecdsa_secp256r1_sha256:ecdsa_secp384r1_sha384" }),
  rsa: contextWith({
    sigalgs: "rsa_pss_rsae_sha256:rsa_pss_rsae_sha384:rsa_pss_rsae_sha512:rsa_pkcs1_sha256:rsa_pkcs1_sha512",
  }),
};

/** What is said until TLS may start: [what the server's words must match to go on, what we say then]. */
const dialogues = {
  implicit: [],
  imap: [
    [/^\* OK[^\n]*\n/, "a STARTTLS\r\n"],
    [/^a OK[^\n]*\n/m, undefined],
  ],
  pop3: [
    [/^\+OK[^\n]*\n/, "STLS\r\n"],
    [/^\+OK[^\n]*\n/, undefined],
  ],
  smtp: [
    [/^220 [^\n]*\n/m, "EHLO watch.example.org\r\n"],
    [/^250 [^\n]*\n/m, "STARTTLS\r\n"],
    [/^220 [^\n]*\n/m, undefined],
  ],
  sieve: [
    [/^OK[^\n]*\n/m, "STARTTLS\r\n"],
    [/^OK[^\n]*\n/m, undefined],
  ],
};

/** Talks until TLS may start. */
const talk = (socket, steps) =>
  new Promise((resolve, reject) => {
    let heard = "";
    let step = 0;
    const onData = (part) => {
      heard += part.toString("latin1");
      if (!steps[step][0].test(heard)) return;
      heard = "";
      const [, say] = steps[step];
      step += 1;
      if (say !== undefined) return void socket.write(say);
      socket.off("data", onData);
      socket.pause();
      resolve();
    };
    socket.on("data", onData);
    socket.once("error", reject);
    socket.once("close", () => reject(new Error(`closed at step ${step} after ${JSON.stringify(heard.slice(0, 80))}`)));
  });

/** The leaf's SHA-256, after a handshake in which the server proved that it has the key. */
const probe = async ({ port, speak }, kind) => {
  const socket = connect(port, address);
  const overdue = setTimeout(() => socket.destroy(new Error(`no handshake within ${timeoutMs} ms`)), timeoutMs);
  try {
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    const steps = dialogues[speak];
    if (steps.length > 0) await talk(socket, steps);
    return await new Promise((resolve, reject) => {
      const secure = tls.connect({
        socket,
        servername: name,
        rejectUnauthorized: false,
        secureContext: contexts[kind],
      });
      secure.once("secureConnect", () =>
        resolve(createHash("sha256").update(secure.getPeerX509Certificate().raw).digest("hex")),
      );
      secure.once("error", reject);
      secure.once("close", () => reject(new Error("closed during the handshake")));
    });
  } finally {
    clearTimeout(overdue);
    socket.on("error", () => undefined);
    socket.destroy();
  }
};

const now = () => Math.round(performance.now());
let kinds = ["any"];
let since = 0;
let watching = false;
let record = { probes: 0, seen: {}, failures: [], longestMs: 0 };
let round = 0;

/** As many as there are ports. */
const fewest = entries.length;

const keep = (key, leaf, at) => {
  record.probes += 1;
  const leaves = (record.seen[key] ??= {});
  leaves[leaf] ??= { first: at - since, last: 0, count: 0 };
  leaves[leaf].last = at - since;
  leaves[leaf].count += 1;
};

const watchOne = async (entry, kind) => {
  const started = now();
  const mine = round;
  try {
    const leaf = await probe(entry, kind);
    if (mine === round) keep(`${entry.port} ${kind}`, leaf, now());
  } catch (error) {
    const what = `${error.code ?? ""} ${error.message}`.trim();
    if (mine === round)
      record.failures.push({ port: entry.port, kind, fromMs: started - since, tillMs: now() - since, what });
  }
  if (mine === round) record.longestMs = Math.max(record.longestMs, now() - started);
};

/** Ten at once are as many as a loaded machine should have to bear. */
const mostAtOnce = 10;

/** A server's ports in turn, one every 50 ms, whether or not the one before has answered. */
const watchServer = async (ports) => {
  let open = 0;
  for (let turn = 0; ; turn += 1) {
    if (watching && open < mostAtOnce) {
      open += 1;
      void watchOne(ports[turn % ports.length], kinds[Math.floor(turn / ports.length) % kinds.length]).finally(
        () => (open -= 1),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, intervalMs));
  }
};

const fingerprint = (pem) => new X509Certificate(pem).fingerprint256.replaceAll(":", "").toLowerCase();

/** Whether key and certificate belong together in each file that a server may read, and the leaf; read through one path, as a server does. */
const slotAt = (path) => {
  const [privkey, cert, fullchain, combined] = ["privkey", "cert", "fullchain", "combined"].map((file) =>
    readFileSync(`${path}/${file}.pem`, "utf8"),
  );
  const pairs = [
    [privkey, cert],
    [privkey, fullchain],
    [combined, combined],
  ];
  const together = pairs.every(([key, leaf]) => new X509Certificate(leaf).checkPrivateKey(createPrivateKey(key)));
  return {
    together,
    leaf: fingerprint(cert),
    same: fingerprint(fullchain) === fingerprint(cert) && fingerprint(combined) === fingerprint(cert),
  };
};

const places = ["/var/lib/mailcert", "/etc/mailcert", "/etc/dovecot", "/etc/postfix"];
const lock = "/var/lib/mailcert/lock";

const contentOf = (path, entry) =>
  entry.isSymbolicLink() ? readlinkSync(path) : entry.isFile() ? readFileSync(path) : "";

/** Of everything below a place but the lock. */
const digest = () => {
  const hash = createHash("sha256");
  for (const place of places) {
    const found = existsSync(place) ? readdirSync(place, { recursive: true }).toSorted() : [];
    for (const path of found.map((file) => `${place}/${file}`)) {
      if (path === lock) continue;
      const entry = lstatSync(path);
      hash.update(`${path} ${entry.mode} ${entry.uid} ${entry.gid} ${entry.size} `).update(contentOf(path, entry));
    }
  }
  return hash.digest("hex");
};

const lockState = () => (existsSync(lock) ? (readFileSync(lock, "utf8").trim() === "" ? "empty" : "held") : "none");

const temporaryIn = (place) =>
  existsSync(place)
    ? readdirSync(place, { recursive: true })
        .filter((file) => /(^|\/)\.mailcert-[^/]*$|\.tmp$/.test(file))
        .map((file) => `${place}/${file}`)
    : [];

const readSlots = (path) =>
  Object.fromEntries(
    ["ecdsa", "rsa"].filter((slot) => existsSync(`${path}/${slot}`)).map((slot) => [slot, slotAt(`${path}/${slot}`)]),
  );

const files = () => {
  const live = `${folder}/live`;
  const numbers = existsSync(`${folder}/generations`)
    ? readdirSync(`${folder}/generations`).filter((file) => /^\d+$/.test(file))
    : [];
  let link;
  try {
    link = readlinkSync(live);
  } catch {
    link = undefined;
  }
  return {
    live: link,
    slots: link === undefined ? {} : readSlots(realpathSync(live)),
    keys: ["ecdsa", "rsa"].flatMap((slot) =>
      existsSync(`${folder}/keys/${slot}`)
        ? readdirSync(`${folder}/keys/${slot}`)
            .filter((file) => /^\d+\.pem$/.test(file))
            .map(
              (file) =>
                `${slot}/${file} ${createHash("sha256")
                  .update(readFileSync(`${folder}/keys/${slot}/${file}`))
                  .digest("hex")}`,
            )
        : [],
    ),
    generations: numbers.length,
    newest: numbers.length === 0 ? undefined : `generations/${numbers.toSorted().at(-1)}`,
    kept: numbers.flatMap((file) => Object.values(readSlots(`${folder}/generations/${file}`)).map(({ leaf }) => leaf)),
    temporary: places.flatMap(temporaryIn),
    digest: digest(),
    lock: lockState(),
    stage: existsSync(`${folder}/state.json`)
      ? JSON.parse(readFileSync(`${folder}/state.json`, "utf8")).stage
      : undefined,
  };
};

/** One fresh connection to each port for each kind; "" where there was no handshake. */
const look = async (wanted) => {
  const seen = await Promise.all(
    entries.flatMap((entry) =>
      wanted.map(async (kind) => [`${entry.port} ${kind}`, await probe(entry, kind).catch(() => "")]),
    ),
  );
  return Object.fromEntries(seen);
};

const commands = {
  begin: ({ kinds: wanted }) => {
    kinds = wanted;
    round += 1;
    record = { probes: 0, seen: {}, failures: [], longestMs: 0 };
    since = now();
    watching = true;
    return {};
  },
  // A trial may be over before anything was seen: a short one, on a busy machine.
  end: async () => {
    while (record.probes + record.failures.length < fewest) await new Promise((resolve) => setTimeout(resolve, 20));
    watching = false;
    round += 1;
    return { ...record, ms: now() - since };
  },
  look: ({ kinds: wanted }) => look(wanted),
  files,
};

for (const server of new Set(entries.map((entry) => entry.server)))
  void watchServer(entries.filter((entry) => entry.server === server));
createInterface({ input: process.stdin })
  .on("line", async (line) => {
    const command = JSON.parse(line);
    let answer;
    try {
      answer = await commands[command.do](command);
    } catch (error) {
      answer = { error: String(error) };
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`);
  })
  .on("close", () => process.exit(0));
