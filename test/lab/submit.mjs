// Runs inside a mail host: hands one mail in over SMTP as a mail program does, with a client certificate, a login, or neither; prints what was answered as JSON.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { constants } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

const { port, implicit, pem, session, resume, login, to, from } = JSON.parse(process.argv[2] ?? "{}");
const host = "192.0.2.10";

/** Whole replies, however the bytes arrive (RFC 5321 4.2.1): `250-one`, `250 two` is one. */
const repliesOf = (socket) => {
  let text = "";
  let lines = [];
  const whole = [];
  const waiting = [];
  const give = () => {
    while (whole.length > 0 && waiting.length > 0) waiting.shift().resolve(whole.shift());
  };
  const end = (error) => {
    for (const one of waiting.splice(0)) one.reject(error ?? new Error("the server ended the connection"));
  };
  const take = (part) => {
    text += part.toString();
    for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n")) {
      const line = text.slice(0, at).trimEnd();
      text = text.slice(at + 1);
      lines.push(line);
      if (line[3] === "-") continue;
      whole.push(lines.join("\n"));
      lines = [];
    }
    give();
  };
  socket.on("data", take).on("error", end).on("close", end);
  return {
    next: () =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject });
        give();
      }),
    leave: () => socket.off("data", take).off("error", end).off("close", end),
  };
};

const clientOf = (socket) => {
  const replies = repliesOf(socket);
  const say = (line) => {
    socket.write(`${line}\r\n`);
    return replies.next();
  };
  return { ...replies, say };
};

const secured = (socket) =>
  new Promise((resolve, reject) => {
    const key = pem === undefined ? undefined : readFileSync(pem);
    const before = session !== undefined && existsSync(session) ? readFileSync(session) : undefined;
    const wrapped = tls.connect({
      ...(socket ? { socket } : { host, port }),
      // What is tried here is the server's judgement of us.
      rejectUnauthorized: false,
      ...(key ? { key, cert: key } : {}),
      ...(before ? { session: before } : {}),
      // Without a ticket the server has to remember the session itself.
      ...(resume === "id" ? { maxVersion: "TLSv1.2", secureOptions: constants.SSL_OP_NO_TICKET } : {}),
    });
    wrapped.once("secureConnect", () => resolve(wrapped));
    wrapped.once("error", reject);
    if (session !== undefined) wrapped.on("session", (ticket) => writeFileSync(session, ticket));
  });

const deadline = setTimeout(() => {
  console.log(JSON.stringify({ error: "no answer for a minute" }));
  process.exit(1);
}, 60_000);

const said = {};
let socket;
if (implicit) socket = await secured();
else {
  const clear = net.connect(port, host);
  const client = clientOf(clear);
  await client.next();
  await client.say("EHLO client.example.org");
  said.starttls = await client.say("STARTTLS");
  client.leave();
  socket = await secured(clear);
}
const client = clientOf(socket);
said.resumed = socket.isSessionReused();
if (implicit) await client.next();
said.ehlo = await client.say("EHLO client.example.org");
if (login) said.auth = await client.say(`AUTH PLAIN ${Buffer.from(`\0${login}`).toString("base64")}`);
said.from = await client.say(`MAIL FROM:<${from ?? "alice@example.org"}>`);
said.to = await client.say(`RCPT TO:<${to}>`);
if (said.to.startsWith("250")) {
  said.data = await client.say("DATA");
  said.taken = await client.say(`Subject: hello\r\nFrom: <alice@example.org>\r\n\r\nhello\r\n.`);
}
said.quit = await client.say("QUIT");
clearTimeout(deadline);
socket.destroy();
console.log(JSON.stringify(said));
