// Programs with the TLS stacks of clients, asked about many deployments in one mail host: a port for each, and all that was imported in each one's own store.
import type { ClientJudge } from "./agreement-clients.ts";
import { startBrowser } from "./browser.ts";
import type { MailHost } from "./mail-host.ts";

export interface Asked {
  readonly id: string;
  /** What the client was told: a host name, or an address. */
  readonly target: string;
  /** PEM of the key and of what is sent, leaf first. */
  readonly key: string;
  readonly cert: string;
  /** PEM of what was imported. */
  readonly root: string;
}

export interface Said {
  readonly accepted: boolean;
  readonly output: string;
}

export type Answers = ReadonlyMap<string, Said>;

/** The deployments listen here and above, in their order. */
export const firstPort = 20_000;
const jvm = "/usr/lib/jvm/java-21-openjdk-amd64/bin";

/** HTTP for those that ask for it in TLS (ALPN), as browsers do; IMAP for the others. Not who speaks first: a browser may take its time. */
const server = `
const { readFileSync } = require("node:fs");
const { createServer } = require("node:tls");
const all = JSON.parse(readFileSync("/srv/deployments.json", "utf8"));
const opened = all.map(({ key, cert }, index) => new Promise((resolve) => {
  const talk = (socket) => {
    socket.on("error", () => undefined);
    if (socket.alpnProtocol === false) socket.write("* OK ready\\r\\n");
    socket.on("data", (data) => {
      const text = data.toString("latin1");
      if (text.startsWith("GET ")) return void socket.end("HTTP/1.1 200 OK\\r\\nContent-Type: text/plain\\r\\nContent-Length: 2\\r\\nConnection: close\\r\\n\\r\\nok");
      for (const line of text.split("\\r\\n").filter(Boolean)) {
        const [tag, command = ""] = line.split(" ");
        if (/^capability$/i.test(command)) socket.write("* CAPABILITY IMAP4rev1\\r\\n");
        socket.write(tag + " OK done\\r\\n");
        if (/^logout$/i.test(command)) socket.end();
      }
    });
  };
  createServer({ key, cert, ALPNProtocols: ["http/1.1"], ciphers: "DEFAULT@SECLEVEL=0" }, talk).on("tlsClientError", () => undefined).listen(${firstPort} + index, resolve);
}));
Promise.all(opened).then(() => console.log("ready"));
`;

/** Each root is a trusted entry of one truststore, as keytool would put it there. */
const javaClient = `import java.io.*;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import javax.net.ssl.*;
public class Imaps {
  public static void main(String[] args) throws Exception {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (File file : new File("/srv/roots").listFiles())
      try (InputStream text = new FileInputStream(file)) {
        store.setCertificateEntry(file.getName(), CertificateFactory.getInstance("X.509").generateCertificate(text));
      }
    TrustManagerFactory managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    managers.init(store);
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(null, managers.getTrustManagers(), null);
    for (int index = 0; index < args.length; index++) {
      System.out.println("== " + index);
      int status = 0;
      try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(args[index], ${firstPort} + index)) {
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("LDAPS");
        socket.setSSLParameters(parameters);
        System.out.println(new BufferedReader(new InputStreamReader(socket.getInputStream())).readLine());
      } catch (IOException problem) {
        status = 1;
        System.out.println(problem);
      }
      System.out.println("== status " + status);
    }
  }
}
`;

/** Thunderbird is asked through Marionette, which it carries for its own tests: its network code fetches each URL. */
const marionette = `
const { connect } = require("node:net");
const urls = JSON.parse(require("node:fs").readFileSync("/srv/urls.json", "utf8"));
const script = \`const [urls, done] = arguments;
(async () => {
  const said = [];
  for (const url of urls) said.push(await new Promise((resolve) => {
    const request = new XMLHttpRequest({ mozSystem: true });
    request.open("GET", url);
    request.timeout = 20000;
    request.onload = () => resolve("accepted");
    request.ontimeout = () => resolve("timeout");
    request.onerror = () => resolve(request.channel.securityInfo?.errorCodeString || "no reason: " + request.channel.status.toString(16));
    request.send();
  }));
  return said;
})().then(done, (error) => done(String(error)));\`;
let rest = Buffer.alloc(0), last = 0;
const waiting = new Map();
const until = Date.now() + 50000;
const open = () => {
  const socket = connect(2828, "127.0.0.1");
  const send = (name, parameters) => new Promise((resolve, reject) => {
    const id = ++last;
    waiting.set(id, { resolve, reject });
    const text = JSON.stringify([0, id, name, parameters]);
    socket.write(Buffer.byteLength(text) + ":" + text);
  });
  socket.on("error", (error) => Date.now() < until ? setTimeout(open, 300) : (console.error(error), process.exit(1)));
  socket.on("data", (data) => {
    rest = Buffer.concat([rest, data]);
    for (;;) {
      const colon = rest.indexOf(":");
      const length = Number(rest.subarray(0, colon));
      if (colon < 1 || rest.length < colon + 1 + length) return;
      const message = JSON.parse(rest.subarray(colon + 1, colon + 1 + length));
      rest = rest.subarray(colon + 1 + length);
      if (!Array.isArray(message)) {
        (async () => {
          await send("WebDriver:NewSession", {});
          await send("Marionette:SetContext", { value: "chrome" });
          await send("WebDriver:SetTimeouts", { script: 120000 });
          const { value } = await send("WebDriver:ExecuteAsyncScript", { script, args: [urls] });
          console.log(JSON.stringify(value));
          process.exit(0);
        })().catch((error) => { console.error(JSON.stringify(error)); process.exit(1); });
        continue;
      }
      const [, id, error, value] = message;
      const one = waiting.get(id);
      if (error) one.reject(error); else one.resolve(value);
    }
  });
};
open();
`;

const shells: Readonly<Record<"openssl" | "curl" | "gnutls", (one: Asked, port: number) => string>> = {
  openssl: ({ target, id }, port) => {
    const asked = /^[\d.]+$/.test(target)
      ? `-noservername -verify_ip ${target}`
      : `-servername ${target} -verify_hostname ${target}`;
    return `openssl s_client -connect ${target}:${port} ${asked} -verify_return_error -CAfile /srv/roots/${id}.pem -brief </dev/null`;
  },
  curl: ({ target, id }, port) => `curl -sS -m 10 --cacert /srv/roots/${id}.pem -X NOOP imaps://${target}:${port}/`,
  gnutls: ({ target, id }, port) => `gnutls-cli --port=${port} --x509cafile=/srv/roots/${id}.pem ${target} </dev/null`,
};

/** What was said between the marks, by number. */
const between = (stdout: string): ReadonlyMap<number, Said> =>
  new Map(
    Array.from(stdout.matchAll(/^== (\d+)\n([\s\S]*?)^== status (\d+)$/gm), ([, index, output = "", status]) => [
      Number(index),
      { accepted: status === "0", output },
    ]),
  );

const prepare = async (host: MailHost, all: readonly Asked[]): Promise<void> => {
  await host.write("/srv/deployments.json", JSON.stringify(all));
  await host.write(
    "/srv/urls.json",
    JSON.stringify(all.map(({ target }, index) => `https://${target}:${firstPort + index}/`)),
  );
  const roots = all.map(({ id, root }) => `cat >/srv/roots/${id}.pem <<'END'\n${root}END\n`).join("");
  await host.must(["sh", "-e"], { input: `mkdir -p /srv/roots\n${roots}` });
  await host.write("/srv/server.cjs", server);
  await host.write("/srv/marionette.cjs", marionette);
  await host.write("/srv/Imaps.java", javaClient);
  const node = host.spawn("exec node /srv/server.cjs");
  await new Promise<void>((resolve, reject) => {
    node.stdout.once("data", () => resolve());
    node.once("exit", (status) => reject(new Error(`the server ended with ${status}`)));
  });
  // One database for Chromium and Thunderbird: each deployment has a root of its own.
  await host.must(
    `set -e; mkdir -p /srv/nss /srv/home/.pki /srv/profile; certutil -N -d sql:/srv/nss --empty-password
     for file in /srv/roots/*.pem; do certutil -A -d sql:/srv/nss -t C,, -n "$(basename "$file" .pem)" -i "$file"; done
     cp -r /srv/nss /srv/home/.pki/nssdb; cp /srv/nss/* /srv/profile/`,
    { timeoutMs: 120_000 },
  );
};

const askJava = async (host: MailHost, all: readonly Asked[]): Promise<ReadonlyMap<number, Said>> => {
  const compiler = "org.eclipse.jdt.internal.compiler.batch.Main";
  await host.must(
    `${jvm}/java -cp /usr/share/java/eclipse-jdt-core-compiler-batch.jar ${compiler} -17 -d /srv /srv/Imaps.java`,
  );
  const targets = all.map(({ target }) => target);
  const { stdout, stderr } = await host.exec([`${jvm}/java`, "-cp", "/srv", "Imaps", ...targets]);
  if (stdout === "") throw new Error(`Java did not answer: ${stderr}`);
  return between(stdout);
};

const askThunderbird = async (host: MailHost): Promise<ReadonlyMap<number, Said>> => {
  const program = host.spawn(
    "exec env HOME=/srv/home thunderbird --headless --no-remote --marionette --remote-allow-system-access --profile /srv/profile >/tmp/thunderbird.log 2>&1",
  );
  const { stdout, stderr } = await host.exec("node /srv/marionette.cjs; tail -n 5 /tmp/thunderbird.log >&2", {
    timeoutMs: 200_000,
  });
  program.kill("SIGTERM");
  if (stdout === "") throw new Error(`Thunderbird did not answer: ${stderr}`);
  const said = JSON.parse(stdout) as readonly string[];
  return new Map(said.map((output, index) => [index, { accepted: output === "accepted", output }]));
};

const askChromium = async (host: MailHost, all: readonly Asked[]): Promise<ReadonlyMap<number, Said>> => {
  const browser = startBrowser(host, { home: "/srv/home" });
  const said = new Map<number, Said>();
  try {
    for (const [index, { target }] of all.entries()) {
      const output = await browser.visit(`https://${target}:${firstPort + index}/`);
      said.set(index, { accepted: output === "", output });
    }
  } finally {
    browser.close();
  }
  return said;
};

/** @returns by `judge id`. */
export const askClients = async (host: MailHost, all: readonly Asked[]): Promise<Answers> => {
  await prepare(host, all);
  const answers = new Map<string, Said>();
  const keep = (judge: ClientJudge, said: ReadonlyMap<number, Said>): void => {
    for (const [index, one] of said) answers.set(`${judge} ${all[index]?.id}`, one);
  };
  const inShell = async (judge: keyof typeof shells): Promise<void> => {
    const lines = all.map(
      (one, index) => `echo "== ${index}"; (${shells[judge](one, firstPort + index)}) 2>&1; echo "== status $?"`,
    );
    const { stdout } = await host.exec(lines.join("\n"), { timeoutMs: 120_000 });
    keep(judge, between(stdout));
  };
  await Promise.all([
    inShell("openssl"),
    inShell("curl"),
    inShell("gnutls"),
    askJava(host, all).then((said) => keep("java", said)),
    askChromium(host, all).then((said) => keep("chromium", said)),
    askThunderbird(host).then((said) => keep("thunderbird", said)),
  ]);
  return answers;
};
