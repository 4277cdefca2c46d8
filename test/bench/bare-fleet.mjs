// The same list by Node alone, as a loop of handshakes: the least that looking at that many entry points can cost. Arguments: CA file, list,
// connections at once, and "handshake" (goes as soon as TLS stands) or "session" (asks inside TLS what `verify` asks, and says goodbye).
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createSecureContext, connect as startTls } from "node:tls";

const [caFile, list, atOnce, how] = process.argv.slice(2);
const pems = (path) => readFileSync(path, "latin1").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
const secureContext = createSecureContext({ ca: [...pems("/etc/ssl/certs/ca-certificates.crt"), ...pems(caFile)] });

const smtp = {
  greeting: /^220 /m,
  clear: ["EHLO [127.0.0.1]\r\n", /^250 /m, "STARTTLS\r\n", /^220 /m],
  inside: ["EHLO [127.0.0.1]\r\n", /^250 /m, "QUIT\r\n", /^221 /m],
};
/** What is sent, each after the reply whose last line matches; `again`: what comes by itself once TLS stands. */
const talks = {
  smtp,
  submission: smtp,
  imap: {
    greeting: /^\* OK/m,
    clear: ["a2 STARTTLS\r\n", /^a2 OK/m],
    inside: ["a3 CAPABILITY\r\n", /^a3 OK/m, "a4 LOGOUT\r\n", /^a4 OK/m],
  },
  pop3: {
    greeting: /^\+OK/m,
    clear: ["CAPA\r\n", /^\.\r\n/m, "STLS\r\n", /^\+OK/m],
    inside: ["CAPA\r\n", /^\.\r\n/m, "QUIT\r\n", /^\+OK/m],
  },
  sieve: { greeting: /^OK/m, clear: ["STARTTLS\r\n", /^OK/m], again: /^OK/m, inside: ["LOGOUT\r\n", /^OK/m] },
};

const replyTo = (socket, pattern) =>
  new Promise((resolve, reject) => {
    let text = "";
    const late = () => reject(new Error("the server hung up"));
    socket.once("error", reject).once("close", late);
    socket.on("data", function read(part) {
      text += part.toString("latin1");
      if (!pattern.test(text)) return;
      socket.off("data", read).off("error", reject).off("close", late);
      resolve();
    });
  });

const talk = async (socket, steps) => {
  for (const step of steps) {
    if (typeof step === "string") socket.write(step);
    else await replyTo(socket, step);
  }
};

const look = async (url) => {
  const { protocol, hostname, port } = new URL(url);
  const implicit = /^(?:imaps|pop3s|submissions):$/.test(protocol);
  const { greeting, clear, again, inside } = talks[implicit ? protocol.slice(0, -2) : protocol.slice(0, -1)];
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  if (!implicit) await talk(socket, [greeting, ...clear]);
  // Node itself refuses a chain that does not lead to the CA file's root, and a name that is not in it.
  const secure = await new Promise((resolve, reject) => {
    const tls = startTls({ socket, host: hostname, secureContext }, () => resolve(tls)).once("error", reject);
  });
  secure.getPeerX509Certificate();
  if (how === "session") await talk(secure, [...(implicit ? [greeting] : again ? [again] : []), ...inside]);
  secure.on("error", () => undefined).end();
  socket.destroy();
};

const targets = readFileSync(list, "utf8").trim().split("\n").values();
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    for (const target of targets) await look(target);
  }),
);
