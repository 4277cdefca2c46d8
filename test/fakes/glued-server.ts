// Scripted servers for command injection: what a server does with bytes that came in one packet with STARTTLS.
import { type AddressInfo, type Socket, createServer } from "node:net";
import { TLSSocket } from "node:tls";
import type { ProtocolName } from "../../src/domain/entry-point.ts";
import type { Served } from "./pki.ts";

/**
 * `keeps`: reads it inside TLS (the fault). `drops`: forgets it. `feeds`: gives it to the TLS engine, as Dovecot does. `hangs-up`: at once.
 * `says-no`: with an answer to STARTTLS. `in-clear`: answers it before TLS. `silent`: goes ahead and does nothing more. `busy`: 454 and its kin.
 * `floods`, `endless-line`: what comes inside TLS has no end.
 * `mute`: TLS comes about and then it says nothing, not even goodbye. `greets-again`: drops it, and greets inside TLS.
 */
export type Glued =
  | "keeps"
  | "drops"
  | "feeds"
  | "hangs-up"
  | "says-no"
  | "in-clear"
  | "silent"
  | "busy"
  | "mute"
  | "greets-again"
  | "floods"
  | "endless-line";

export interface Dialect {
  readonly protocol: ProtocolName;
  readonly greeting: string;
  readonly answer: (line: string, secure: boolean) => string;
  readonly go: string;
  readonly no: string;
  readonly busy: string;
  /** What comes by itself after TLS. */
  readonly unasked?: string;
}

const smtp = (protocol: ProtocolName): Dialect => ({
  protocol,
  greeting: "220 mail.example.org ESMTP\r\n",
  go: "220 go\r\n",
  no: "554 5.5.0 Error: SMTP protocol synchronization\r\n",
  busy: "454 4.7.0 TLS not available\r\n",
  answer: (line, secure) =>
    /^(?:EHLO|LHLO)/.test(line)
      ? `250-mail.example.org\r\n250 ${secure ? "8BITMIME" : "STARTTLS"}\r\n`
      : line === "QUIT"
        ? "221 bye\r\n"
        : line === "NOOP"
          ? "250 2.0.0 Ok\r\n"
          : "500 what\r\n",
});

const ftp: Dialect = {
  protocol: "ftp",
  greeting: "220 FTP\r\n",
  go: "234 go\r\n",
  no: "503 no\r\n",
  busy: "431 later\r\n",
  answer: (line) =>
    line === "FEAT"
      ? "211-Features\r\n AUTH TLS\r\n211 End\r\n"
      : line === "QUIT"
        ? "221 bye\r\n"
        : line === "NOOP"
          ? "200 ok\r\n"
          : "500 what\r\n",
};

const nntp: Dialect = {
  protocol: "nntp",
  greeting: "201 news\r\n",
  go: "382 go\r\n",
  no: "580 no\r\n",
  busy: "400 later\r\n",
  answer: (line, secure) =>
    line === "CAPABILITIES"
      ? `101 list\r\nVERSION 2\r\n${secure ? "READER" : "STARTTLS"}\r\n.\r\n`
      : line === "QUIT"
        ? "205 bye\r\n"
        : line === "DATE"
          ? "111 20261121000000\r\n"
          : "500 what\r\n",
};

const tagOf = (line: string): string => line.split(" ")[0] ?? "";

export const dialects: readonly Dialect[] = [
  smtp("smtp"),
  smtp("submission"),
  smtp("lmtp"),
  ftp,
  nntp,
  {
    protocol: "imap",
    greeting: "* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] ready\r\n",
    go: "a2 OK go\r\n",
    no: "a2 BAD no\r\n",
    busy: "a2 NO [UNAVAILABLE] later\r\n",
    answer: (line) =>
      line.endsWith(" LOGOUT")
        ? `* BYE\r\n${tagOf(line)} OK bye\r\n`
        : line.endsWith(" NOOP")
          ? `${tagOf(line)} OK done\r\n`
          : `${tagOf(line)} BAD what\r\n`,
  },
  {
    protocol: "pop3",
    greeting: "+OK ready\r\n",
    go: "+OK go\r\n",
    no: "-ERR no\r\n",
    busy: "-ERR [SYS/TEMP] later\r\n",
    answer: (line, secure) =>
      line === "CAPA"
        ? `+OK\r\nCAPA\r\n${secure ? "USER" : "STLS"}\r\n.\r\n`
        : line === "QUIT"
          ? "+OK bye\r\n"
          : "-ERR what\r\n",
  },
  {
    protocol: "sieve",
    greeting: '"IMPLEMENTATION" "x"\r\n"SASL" ""\r\n"STARTTLS"\r\nOK "ready"\r\n',
    go: 'OK "go"\r\n',
    no: 'NO "no"\r\n',
    busy: 'NO (TRYLATER) "later"\r\n',
    unasked: '"IMPLEMENTATION" "x"\r\n"SASL" "PLAIN"\r\nOK "TLS"\r\n',
    answer: (line) => {
      const word = /^NOOP "(.*)"$/.exec(line)?.[1];
      if (word !== undefined) return `OK (TAG {${word.length}}\r\n${word}) "Done"\r\n`;
      return line === "LOGOUT" ? 'OK "bye"\r\n' : 'NO "what"\r\n';
    },
  },
];

export interface GluedServer {
  readonly port: number;
  connections: number;
  /** Every line in clear, and every line inside TLS. */
  readonly clear: string[];
  readonly secure: string[];
  close(): Promise<void>;
}

const isStartTls = (line: string): boolean => /^(?:\S+ )?STARTTLS$|^STLS$|^AUTH TLS$/.test(line);
const isGoodbye = (line: string): boolean => /^(?:\S+ )?LOGOUT$|^QUIT$/.test(line);

export const gluedServer = async (dialect: Dialect, tls: Served, glued: Glued): Promise<GluedServer> => {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    fake.connections += 1;
    sockets.add(socket);
    socket.setNoDelay(true).on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
    speak(socket);
  });
  const startTls = (socket: Socket, rest: string): void => {
    // What is put back is read first by the TLS engine.
    if (glued === "feeds" && rest !== "") socket.unshift(Buffer.from(rest, "latin1"));
    const secure = new TLSSocket(socket, { isServer: true, ...tls });
    secure.on("error", () => socket.destroy());
    secure.once("secure", () => {
      if (glued === "mute") return;
      if (glued === "floods") return void secure.write("250-x\r\n".repeat(50_000));
      if (glued === "endless-line") return void secure.write("x".repeat(500_000));
      secure.write((dialect.unasked ?? "") + (glued === "greets-again" ? dialect.greeting : ""));
      talk(secure, glued === "keeps" ? rest : "", true);
    });
  };
  const talk = (socket: Socket, before: string, secure: boolean): void => {
    let buffer = before;
    const next = (): void => {
      for (let at = buffer.indexOf("\r\n"); at >= 0; at = buffer.indexOf("\r\n")) {
        const line = buffer.slice(0, at);
        buffer = buffer.slice(at + 2);
        (secure ? fake.secure : fake.clear).push(line);
        if (!secure && isStartTls(line)) {
          const probed = buffer !== "";
          if (probed && glued === "hangs-up") return void socket.destroy();
          if (probed && (glued === "says-no" || glued === "busy")) {
            socket.write(glued === "busy" ? dialect.busy : dialect.no);
            buffer = "";
            continue;
          }
          socket.off("data", onData).pause();
          socket.write(dialect.go + (probed && glued === "in-clear" ? dialect.answer(buffer.trimEnd(), false) : ""));
          if (!(probed && glued === "silent")) startTls(socket, buffer);
          return;
        }
        socket.write(dialect.answer(line, secure));
        if (isGoodbye(line)) return void socket.end();
      }
    };
    const onData = (part: Buffer): void => {
      buffer += part.toString("latin1");
      next();
    };
    socket.on("data", onData);
    next();
  };
  const speak = (socket: Socket): void => {
    socket.write(dialect.greeting);
    talk(socket, "", false);
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const fake: GluedServer = {
    port: (server.address() as AddressInfo).port,
    connections: 0,
    clear: [],
    secure: [],
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return fake;
};
