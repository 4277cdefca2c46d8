// Mail is relayed for whoever has a good client certificate, through a real Postfix's 587 and 465 (`client_certificates: relay`), for nobody else, and everything is taken back.
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { serverSettings, settle } from "./deployed-host.ts";

const config = "/etc/mailcert/mailcert.yaml";
const masterCf = "/etc/postfix/master.cf";
const timeoutMs = 240_000;

const authSocket = `service auth {
  unix_listener /var/spool/postfix/private/auth {
    mode = 0660
    user = postfix
    group = postfix
  }
}
`;

/** Debian's own entries, as an administrator switches them on. */
const stock = (text: string): string => text.replaceAll(/^#(?=submissions? +inet | {2}-o )/gm, "");

/** The other ways in which people write them: main.cf's lists, and parameters of their own. */
const otherWays = `submission inet n - y - - smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
submissions inet n - y - - smtpd
  -o smtpd_tls_wrappermode=yes
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_client_restrictions=$mua_client_restrictions
  -o smtpd_sender_restrictions=$mua_sender_restrictions
  -o { smtpd_recipient_restrictions = permit_sasl_authenticated, reject }
# The end.
`;
const parameters = [
  "mua_client_restrictions = permit_sasl_authenticated, reject",
  "mua_sender_restrictions = permit_mynetworks, permit_sasl_authenticated, reject",
];

interface Said {
  readonly resumed: boolean;
  readonly auth?: string;
  readonly to: string;
  readonly taken?: string;
}

interface Submission {
  readonly port?: number;
  readonly pem?: string;
  readonly session?: string;
  readonly login?: string;
}

describe.each(["trixie", "bookworm"] as const)("on %s", (suite) => {
  let host: MailHost;
  let before: string;
  /** master.cf with the certificate, and without the wish. */
  let deployed: string;

  const run = async (args: readonly string[], status = 0): Promise<string> => {
    const ran = await host.mailcert(args, { timeoutMs });
    expect(ran.status, ran.stdout + ran.stderr).toBe(status);
    expect(ran.stdout + ran.stderr).not.toContain("PRIVATE KEY");
    return ran.stdout;
  };
  const want = async (text: string): Promise<void> => {
    const present = (await host.read(config)).replace(/^client_certificates:.*\n/m, "");
    await host.write(config, `${text}${present}`);
  };
  const client = async (address: string, ca: string, file: string): Promise<void> => {
    const made = JSON.parse(await run(["ca", "client", address, ca, "--out", `/root/${file}`, "--json"])) as {
      readonly file: string;
      readonly password: { readonly file: string };
    };
    const { file: p12, password } = made;
    await host.must(`openssl pkcs12 -in ${p12} -passin file:${password.file} -nodes -out /root/${file}.pem`);
  };
  const submit = async ({ port = 587, pem, ...more }: Submission): Promise<Said> => {
    const words = { port, implicit: port === 465, to: "someone@elsewhere.example", ...more };
    const all = pem === undefined ? words : { ...words, pem: `/root/${pem}.pem` };
    const { stdout, stderr } = await host.clientExec(["node", "/opt/submit.mjs", JSON.stringify(all)], { timeoutMs });
    expect(stderr).toBe("");
    return JSON.parse(stdout) as Said;
  };
  /** For two seconds after a reload, a process of before may answer. */
  const refused = (submission: Submission): Promise<unknown> =>
    expect.poll(async () => (await submit(submission)).to, { timeout: 10_000 }).toMatch(/^[45]54 /);
  const relayed = async (submission: Submission): Promise<Said> => {
    const said = await submit(submission);
    expect(said, JSON.stringify(said)).toMatchObject({ to: expect.stringMatching(/^250 /) });
    expect(said.taken).toMatch(/^250 .*queued/);
    return said;
  };

  beforeAll(async () => {
    host = await startMailHost({ suite });
    await host.write("/opt/submit.mjs", readFileSync(new URL("../lab/submit.mjs", import.meta.url), "utf8"));
    await host.write("/etc/dovecot/conf.d/99-submission.conf", authSocket);
    const text = await host.read(masterCf);
    await host.write(masterCf, suite === "trixie" ? stock(text) : `${text}${otherWays}`);
    // Nothing leaves the host.
    await host.must(
      "postconf default_transport=discard: relay_transport=discard: smtpd_sasl_type=dovecot smtpd_sasl_path=private/auth",
    );
    if (suite === "bookworm") {
      const mainCf = await host.read("/etc/postfix/main.cf");
      await host.write("/etc/postfix/main.cf", [mainCf.trimEnd(), ...parameters, ""].join("\n"));
    }
    await settle(host);
    before = await serverSettings(host);
    await host.startPostfix([25, 465, 587]);
    await host.startDovecot();
    await run(["ca", "init", "--ca-domains", "example.org"]);
    await run(["ca", "init", "other", "--ca-domains", "example.org"]);
    await run(["setup", "mail.example.org", "--schedule", "none"]);
    await client("alice@example.org", "default", "alice");
    await client("alice@example.org", "other", "stranger");
  }, 600_000);
  afterAll(() => host?.stop());

  it("asks for nothing until the configuration says so, and shows what it will do", { timeout: 900_000 }, async () => {
    deployed = await host.read(masterCf);
    expect(deployed).not.toContain("clientcerts");
    expect((await submit({ pem: "alice" })).to).toMatch(/^[45]54 /);
    await want("client_certificates: { ca: default, relay: true }\n");
    const plan = await run(["deploy", "--dry-run"]);
    expect(plan).toMatch(/submission\/inet, submissions\/inet a client certificate counts where a login counts/);
    expect(plan).toContain(
      "master.cf submission/inet: -o relay_clientcerts=texthash:/var/lib/mailcert/clients/default.map",
    );
    expect(await host.read(masterCf)).toBe(deployed);
    await run(["deploy"]);
    const on = await host.read(masterCf);
    expect(on).toContain("permit_tls_clientcerts");
    await run(["deploy"]);
    expect(await host.read(masterCf)).toBe(on);
    expect((await host.exec("postfix check; postconf -n >/dev/null")).stderr).not.toMatch(/unused|fatal|error/);
  });

  it("relays for a good certificate at 587 and 465, and a login counts as before", { timeout: 900_000 }, async () => {
    for (const port of [587, 465]) {
      await relayed({ port, pem: "alice" });
      expect((await submit({ port })).to).toMatch(/^[45]54 /);
      expect((await submit({ port, pem: "stranger" })).to).toMatch(/^[45]54 /);
      const { name, password } = host.user;
      const said = await relayed({ port, login: `${name}\0${password}` });
      expect(said.auth).toMatch(/^235 /);
    }
    // By the same CA, and for servers.
    const live = "/var/lib/mailcert/certificates/mail.example.org/live/ecdsa";
    await host.must(`cat ${live}/privkey.pem ${live}/fullchain.pem > /root/server.pem`);
    expect((await submit({ pem: "server" })).to).toMatch(/^[45]54 /);
    expect((await submit({ port: 25, pem: "alice" })).to).toMatch(/^[45]54 /);
  });

  it(
    "a new one is good at once, and when revoked refused, also where the client brings a ticket of before",
    { timeout: 900_000 },
    async () => {
      await client("bob@example.org", "default", "bob");
      // A process of before the reload may answer for two seconds.
      await expect.poll(async () => (await submit({ pem: "bob" })).to, { timeout: 10_000 }).toMatch(/^250 /);
      await relayed({ pem: "bob", session: "/root/bob.session" });
      const again = await relayed({ pem: "bob", session: "/root/bob.session" });
      expect(again.resumed).toBe(true);
      await run(["ca", "revoke", "bob@example.org", "--yes"]);
      await refused({ pem: "bob", session: "/root/bob.session" });
      await refused({ port: 465, pem: "bob" });
      await relayed({ port: 465, pem: "alice" });
    },
  );

  it("goes as it came, with the key and with the certificate, to the last byte", { timeout: 900_000 }, async () => {
    if (suite === "trixie") {
      await want("client_certificates: { ca: default, relay: false }\n");
      expect(await run(["deploy"])).toContain("client certificates do not count any more at");
      expect(await host.read(masterCf)).toBe(deployed);
      await refused({ pem: "alice" });
      await want("client_certificates: { ca: default, relay: true }\n");
      await run(["deploy"]);
      await relayed({ pem: "alice" });
    }
    await run(["deploy", "--remove"]);
    expect(await serverSettings(host)).toBe(before);
    await refused({ pem: "alice" });
  });
});
