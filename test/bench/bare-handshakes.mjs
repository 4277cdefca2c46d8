// The same handshakes by Node alone, with the same trust: the least that a check of these entry points can cost. Arguments: CA file, URLs.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { createSecureContext, connect as startTls } from "node:tls";

const [caFile, ...urls] = process.argv.slice(2);
const pems = (path) => readFileSync(path, "latin1").match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
const secureContext = createSecureContext({ ca: [...pems("/etc/ssl/certs/ca-certificates.crt"), ...pems(caFile)] });

/** What is sent before STARTTLS, each after the reply whose last line matches. */
const talks = {
  imap: [/^\* OK/m, "a STARTTLS\r\n", /^a OK/m],
  pop3: [/^\+OK/m, "STLS\r\n", /^\+OK/m],
  submission: [/^220 /m, "EHLO bench.example\r\n", /^250 /m, "STARTTLS\r\n", /^220 /m],
};

const replyTo = (socket, pattern) =>
  new Promise((resolve, reject) => {
    let text = "";
    socket.once("error", reject);
    socket.on("data", function read(part) {
      text += part.toString("latin1");
      if (!pattern.test(text)) return;
      socket.off("data", read);
      resolve();
    });
  });

const handshake = async (url) => {
  const { protocol, hostname, port } = new URL(url);
  const socket = connect(Number(port), "127.0.0.1");
  for (const step of talks[protocol.slice(0, -1)] ?? []) {
    if (typeof step === "string") socket.write(step);
    else await replyTo(socket, step);
  }
  await new Promise((resolve, reject) => {
    const secure = startTls({ socket, servername: hostname, secureContext }, () => {
      secure.getPeerX509Certificate();
      secure.end();
      resolve();
    }).once("error", reject);
  });
  socket.destroy();
};

await Promise.all(urls.map(handshake));
