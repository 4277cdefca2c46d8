// People log in to real Dovecots, 2.4 and 2.3, with certificates of `ca client`; a revoked one is refused, and everything is taken back.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import type { Suite } from "../lab/parts.ts";
import { type CertifiedPeople, certifiedPeople, timeoutMs } from "./certified-people.ts";
import { authSocket, submissionServices } from "./client-people.ts";
import { listening } from "./deployed-host.ts";

/** Every file below it with its mode, owner and content. */
const snapshot = (host: MailHost): Promise<string> =>
  host.must(
    `cd /etc/dovecot && find . -printf '%p %m %u %g %l\\n' | sort && find . -type f -exec sha256sum {} + | sort -k2`,
  );

/** A dialogue: waits for each answer, however long the machine takes. `greeted`: the server speaks first, inside TLS. */
const talk = async (
  host: MailHost,
  command: string,
  { answer, greeted }: { readonly answer: string; readonly greeted: boolean },
  lines: readonly string[],
  bye: string,
): Promise<string> => {
  const wait = (count: number): string =>
    `i=0; while [ $(grep -ca '${answer}' $o) -lt ${count} ] && [ $i -lt 600 ]; do sleep 0.05; i=$((i+1)); done`;
  const steps = lines.map((line, at) => `printf '%s\\r\\n' '${line}'; ${wait(at + (greeted ? 2 : 1))}`);
  const { stdout } = await host.clientExec(
    `o=$(mktemp); { ${wait(greeted ? 1 : 0)}; ${steps.join("; ")}; printf '%s\\r\\n' '${bye}'; } | timeout 100 ${command} >$o 2>/dev/null; cat $o; rm $o`,
    { timeoutMs },
  );
  return stdout;
};

const patience = `auth_failure_delay = 0
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
`;

/** Looks again: after a reload, a Dovecot of before may answer for some moments. */
const eventually = (look: () => Promise<string>, wanted: RegExp): Promise<void> =>
  expect.poll(look, { timeout: 20_000 }).toMatch(wanted);

const shown = (name?: string): string =>
  name === undefined ? "" : `-cert /root/${name}.pem -cert_chain /root/${name}.pem -key /root/${name}.pem`;

/** `how`: options of `ca init`. */
export const clientCertificatesSuite = (suite: Suite, how: readonly string[]): void => {
  describe(`on ${suite}`, () => {
    let host: MailHost;
    let before: string;
    let people: CertifiedPeople;

    const run: CertifiedPeople["run"] = (...given) => people.run(...given);
    const want: CertifiedPeople["want"] = (entry) => people.want(entry);
    /** Its serial number. */
    const client = (name: string): Promise<string> => people.certificate({ name, login: host.user.name });
    const login = (sasl: string, name?: string): Promise<string> =>
      talk(
        host,
        `openssl s_client -quiet -connect 192.0.2.10:993 ${shown(name)}`,
        { answer: "^\\(\\* OK\\|a \\)", greeted: true },
        [`a AUTHENTICATE ${sasl}`],
        "b LOGOUT",
      );
    const external = (name?: string): Promise<string> => login("EXTERNAL =", name);
    const password = (name?: string): Promise<string> =>
      login(`PLAIN ${Buffer.from(`\0${host.user.name}\0${host.user.password}`).toString("base64")}`, name);

    beforeAll(async () => {
      host = await startMailHost({ suite });
      people = certifiedPeople(host);
      // Whoever is refused waits longer each time, by Dovecot and by PAM.
      await host.write("/etc/dovecot/conf.d/00-patience.conf", patience);
      await host.must("sed -i '/pam_unix.so/s/$/ nodelay/' /etc/pam.d/common-auth");
      before = await snapshot(host);
      await Promise.all([host.startDovecot(), host.startPostfix()]);
      await host.write("/root/words", "correct horse battery staple\n", "600");
      await run(["ca", "init", "--ca-domains", "example.org", ...how]);
      await run(["setup", "mail.example.org", "--schedule", "none"]);
    }, 600_000);
    afterAll(() => host?.stop());

    it(
      "asks for nothing until the configuration says so, shows what it will do, and lets whoever has a certificate in",
      { timeout: 900_000 },
      async () => {
        expect(await host.must("cat /etc/dovecot/conf.d/99-mailcert.conf")).not.toContain("external");
        await want("client_certificates: { ca: default }\n");
        expect(await run(["deploy", "--dry-run"])).toMatch(
          /people log in with client certificates[^]*with passwords as before/,
        );
        expect(await host.must("cat /etc/dovecot/conf.d/99-mailcert.conf")).not.toContain("external");
        await run(["deploy"]);
        // The servers that were reloaded have read it: no later run does that once more.
        await host.must("cd /var/lib/mailcert/clients && test -e default.pem && test ! -e default.unread");
        await client("laptop");
        await eventually(() => external("laptop"), /^a OK /m);
        expect(await external()).toMatch(/^a NO /m);
        expect(await password()).toMatch(/^a OK /m);
        // Somebody's own certificate with the same name is worth nothing.
        await host.must(
          `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout /root/own.key -out /root/own.crt -days 30 -subj /CN=${host.user.name} 2>/dev/null && cat /root/own.key /root/own.crt > /root/own.pem`,
        );
        expect(await external("own")).toMatch(/^a NO /m);
      },
    );

    it("a certificate is its own person's alone, and a server's is nobody's", { timeout: 900_000 }, async () => {
      await host.must("useradd --create-home bob && echo bob:bob-secret | chpasswd");
      const plain = `PLAIN ${Buffer.from("\0bob\0bob-secret").toString("base64")}`;
      expect(await login(plain)).toMatch(/^a OK /m);
      expect(await login(plain, "laptop")).toMatch(/^a NO /m);
      expect(await login(`EXTERNAL ${Buffer.from("bob").toString("base64")}`, "laptop")).toMatch(/^a NO /m);
      // By the same CA, and for servers.
      await people.serverCertificate();
      expect(await external("server")).toMatch(/^a NO /m);
      expect(await external("laptop")).toMatch(/^a OK /m);
    });

    it(
      "Postfix passes no certificate on: EXTERNAL lets nobody in at its ports, with or without one",
      {
        timeout: 900_000,
      },
      async () => {
        await host.write("/etc/dovecot/conf.d/99-submission.conf", authSocket);
        await host.must(`doveadm reload; ${submissionServices}`);
        await listening(host, 465);
        await host.must(
          "for i in $(seq 200); do [ -S /var/spool/postfix/private/auth ] && exit 0; sleep 0.05; done; exit 1",
        );
        const submit = (name: string | undefined, ...lines: readonly string[]): Promise<string> =>
          talk(
            host,
            `openssl s_client -quiet -connect 192.0.2.10:465 ${shown(name)}`,
            { answer: "^[0-9][0-9][0-9] ", greeted: true },
            ["EHLO phone.example", ...lines],
            "QUIT",
          );
        // Postfix waits ten seconds for an answer.
        for (const [name, who] of [
          [undefined, Buffer.from(host.user.name).toString("base64")],
          ["laptop", "="],
        ] as const) {
          const said = await submit(name, `AUTH EXTERNAL ${who}`);
          expect(said).toMatch(/^(?:535|454) /m);
          expect(said).not.toMatch(/^235 /m);
        }
        const plain = Buffer.from(`\0${host.user.name}\0${host.user.password}`).toString("base64");
        expect(await submit(undefined, `AUTH PLAIN ${plain}`)).toMatch(/^235 /m);
        await host.must(
          "rm /etc/dovecot/conf.d/99-submission.conf && postconf -MX submission/inet submissions/inet && postfix reload && doveadm reload",
        );
      },
    );

    it("where a userdb knows every name, deploy warns of whoever was deleted", { timeout: 900_000 }, async () => {
      const words = /Dovecot: userdb static knows every name[^]*mailcert ca revoke/;
      expect(await run(["deploy"])).not.toMatch(words);
      const everybody = {
        trixie: "userdb static {\n  fields {\n    uid = mail\n    gid = mail\n    home = /var/mail\n  }\n}\n",
        bookworm: "userdb {\n  driver = static\n  args = uid=mail gid=mail home=/var/mail\n}\n",
      };
      await host.write("/etc/dovecot/local.conf", everybody[suite]);
      expect(await run(["deploy", "--dry-run"])).toMatch(words);
      expect(await run(["deploy"])).toMatch(words);
      await host.must("rm /etc/dovecot/local.conf");
      expect(await run(["deploy"])).not.toMatch(words);
    });

    it("a revoked one is refused at once, another of the same person is not", { timeout: 900_000 }, async () => {
      const phone = await client("phone");
      expect(await external("phone")).toMatch(/^a OK /m);
      expect(await run(["ca", "revoke", phone, "--yes"])).toContain("is revoked");
      await eventually(() => external("phone"), /^a NO /m);
      expect(await external("laptop")).toMatch(/^a OK /m);
      // A list that was made anew is read as well.
      await run(["ca", "crl"]);
      expect(await external("laptop")).toMatch(/^a OK /m);
    });

    it(
      "with require: true nobody logs in without one; deploy --remove gives every file back",
      { timeout: 900_000 },
      async () => {
        await want("client_certificates: { require: true }\n");
        await run(["deploy"]);
        await eventually(() => password(), /^a NO .*valid SSL certificate/m);
        expect(await password("phone")).toMatch(/^a NO .*valid SSL certificate/m);
        expect(await external("laptop")).toMatch(/^a OK /m);
        expect(await run(["deploy", "--dry-run"])).not.toContain("99-mailcert.conf");
        await run(["deploy", "--remove"]);
        expect(await snapshot(host)).toBe(before);
        await eventually(() => external("laptop"), /^a (?:NO|BAD) /m);
        expect(await password()).toMatch(/^a OK /m);
      },
    );
  });
};
