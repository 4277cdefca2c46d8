// DANE and MTA-STS on a real host: a signed zone by Knot, validated by Unbound; Postfix's own client is the judge of what is served.
import { afterEach, describe, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startSignedZone } from "../lab/signed-zone.ts";

const name = "mail.example.org";
const address = `mail A 192.0.2.10`;
const foreign = "ab".repeat(32);
const hosts: MailHost[] = [];

afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.stop()));
});

const mailHost = async (suite: "bookworm" | "trixie"): Promise<MailHost> => {
  const host = await startMailHost({ suite });
  hosts.push(host);
  await host.startPostfix();
  return host;
};

/** What a sender that checks DANE says about port 25. */
const sender = async (host: MailHost): Promise<string> => {
  const { stdout, stderr } = await host.exec(`timeout 20 posttls-finger -l dane -c "[${name}]" 2>&1`);
  return /posttls-finger: (Verified|Trusted|Untrusted|Anonymous) TLS connection/.exec(stdout)?.[1] ?? stdout + stderr;
};

/** Looks again: for two seconds after a reload a Postfix process of before may answer. */
const expectVerified = (host: MailHost): Promise<void> =>
  expect.poll(() => sender(host), { timeout: 10_000 }).toBe("Verified");

const recordIn = (text: string): string => {
  const found = /_25\._tcp\.mail\.example\.org\. IN TLSA (3 1 1 [0-9a-f]{64})\b/.exec(text)?.[1];
  if (found === undefined) throw new Error(`no record to publish in: ${text}`);
  return found;
};

/** A run that waits (75) until a new record has been there for two TTLs. */
const ripe = async (host: MailHost, args: readonly string[]): Promise<Awaited<ReturnType<MailHost["mailcert"]>>> => {
  const first = await host.mailcert([...args]);
  expect(first.status, first.stdout + first.stderr).toBe(75);
  expect((first.stdout + first.stderr).replaceAll(/\s+/g, " ")).toContain("two TTLs (of 1 s) later");
  for (let round = 0; round < 50; round += 1) {
    const next = await host.mailcert([...args]);
    if (next.status !== 75) return next;
  }
  throw new Error("it waits for ever");
};

const setup = ["setup", name, "--schedule", "none"];

it("a secondary that does not follow holds a new key back, by name, until it does", async () => {
  const host = await mailHost("trixie");
  const zone = await startSignedZone(host, {
    zone: "example.org",
    records: [address, `_25._tcp.mail 1 TLSA 3 1 1 ${foreign}`],
    secondary: true,
  });
  const record = recordIn((await host.mailcert(setup)).stderr);
  await zone.add(`_25._tcp.mail 1 TLSA ${record}`);
  expect(await zone.ask(`_25._tcp.${name}`, "TLSA", "secondary")).not.toContain(record.split(" ")[3]?.toUpperCase());
  const held = await host.mailcert(setup);
  expect(held.status, held.stdout + held.stderr).toBe(78);
  expect(held.stderr).toMatch(/ns2\.example\.org \(\S+\) still has TLSA records at _25\._tcp\.mail\.example\.org/);
  await zone.refreshSecondary();
  const done = await ripe(host, setup);
  expect(done.status, done.stdout + done.stderr).toBe(0);
  await expectVerified(host);
});

it("a renewed certificate waits where the whole one before is pinned (3 0 1), until a record for the key stands", async () => {
  const host = await mailHost("bookworm");
  const zone = await startSignedZone(host, { zone: "example.org", records: [address] });
  expect((await host.mailcert(setup)).status).toBe(0);
  const live = `/var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem`;
  const whole = async (): Promise<string> =>
    /[0-9a-f]{64}/.exec(await host.must(`openssl x509 -in ${live} -outform DER | sha256sum`))?.[0] ?? "";
  const pinned = await whole();
  await zone.add(`_25._tcp.mail 1 TLSA 3 0 1 ${pinned}`);
  await expectVerified(host);
  const held = await host.mailcert(["renew", "--force"]);
  expect(held.status, held.stdout + held.stderr).toBe(1);
  const record = recordIn(held.stdout.replaceAll(/\s+/g, " "));
  expect(await whole()).toBe(pinned);
  await expectVerified(host);
  await zone.add(`_25._tcp.mail 1 TLSA ${record}`);
  const timer = await ripe(host, ["renew"]);
  expect(timer.status, timer.stdout + timer.stderr).toBe(0);
  expect(await whole()).not.toBe(pinned);
  await expectVerified(host);
});

describe.each(["bookworm", "trixie"] as const)("on %s", (suite) => {
  it(
    "a key that a secure TLSA record lacks is not served before it is published; a kept key always is",
    { timeout: 240_000 },
    async () => {
      const host = await mailHost(suite);
      const zone = await startSignedZone(host, {
        zone: "example.org",
        records: [address, `_25._tcp.mail 1 TLSA 3 1 1 ${foreign}`],
      });
      const before = await host.must("postconf -n");

      const refused = await host.mailcert(setup);
      expect(refused.status, refused.stdout + refused.stderr).toBe(78);
      expect(refused.stderr).toContain(`published: 3 1 1 ${foreign}`);
      expect(await host.must("postconf -n")).toBe(before);
      expect((await host.exec("ls /etc/mailcert")).status).not.toBe(0);
      const record = recordIn(refused.stderr);
      const again = await host.mailcert([...setup, "--json"]);
      const { error } = JSON.parse(again.stdout) as { error: { facts: { publish: string[] } } };
      expect(error.facts.publish).toEqual([`_25._tcp.mail.example.org. IN TLSA ${record}`]);

      await zone.add(`_25._tcp.mail 1 TLSA ${record}`);
      const done = await ripe(host, setup);
      expect(done.status, done.stdout + done.stderr).toBe(0);
      await expectVerified(host);

      const renewed = await host.mailcert(["renew", "--force"]);
      expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
      await expectVerified(host);

      const stopped = await host.mailcert(["renew", "--force", "--new-key"]);
      expect(stopped.status, stopped.stdout + stopped.stderr).toBe(1);
      const next = recordIn(stopped.stdout);
      expect(next).not.toBe(record);
      await expectVerified(host);
      const issued = await host.mailcert(["issue", name, "--new-key"]);
      expect(issued.status).toBe(78);
      expect(recordIn(issued.stderr)).toBe(next);

      await zone.add(`_25._tcp.mail 1 TLSA ${next}`);
      const rolled = await ripe(host, ["renew", "--force", "--new-key"]);
      expect(rolled.status, rolled.stdout + rolled.stderr).toBe(0);
      await zone.remove(`_25._tcp.mail 1 TLSA ${record}`);
      await zone.remove(`_25._tcp.mail 1 TLSA 3 1 1 ${foreign}`);
      await expectVerified(host);
      const verified = async (): Promise<readonly [number | null, string]> => {
        const { status, stdout, stderr } = await host.mailcert(["verify", `smtp://${name}`]);
        return [status, stdout + stderr];
      };
      expect(await verified()).toEqual([0, expect.stringContaining("dane-roll") as string]);
      // The judge can say no: a record for another key alone.
      await zone.remove(`_25._tcp.mail 1 TLSA ${next}`);
      await zone.add(`_25._tcp.mail 1 TLSA 3 1 1 ${foreign}`);
      expect(await sender(host)).not.toBe("Verified");
      const [status, said] = await verified();
      expect([status, recordIn(said.replaceAll(/\s+/g, " "))]).toEqual([1, next]);
      // The record is wrong already: a renewal that keeps the key makes nothing worse.
      expect((await host.mailcert(["renew", "--force"])).status).toBe(0);
      // A deliberate step over it.
      const forced = await host.mailcert([...setup, "--new-key", "--replace"]);
      expect(forced.status, forced.stdout + forced.stderr).toBe(0);
    },
  );
});

describe("where DNS says nothing that binds", () => {
  it("setup goes on: records that nobody has validated", async () => {
    const host = await mailHost("bookworm");
    const records = [address, `_25._tcp.mail 1 TLSA 3 1 1 ${foreign}`];
    const zone = await startSignedZone(host, { zone: "example.org", records, anchored: false });
    const done = await host.mailcert([...setup, "--verbose"]);
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(done.stderr).toContain(
      "_25._tcp.mail.example.org has TLSA records that nobody whom we may believe has validated",
    );
    await zone.stopResolver();
    const renewed = await host.mailcert(["renew", "--force", "--new-key", "--verbose"]);
    expect(renewed.status, renewed.stdout + renewed.stderr).toBe(0);
    expect(renewed.stderr).toContain("going on without all of DNS: no name server can be reached");
  });

  it("setup goes on: no name server answers, each question is asked twice and then no more", async () => {
    const host = await mailHost("bookworm");
    // Reads the questions, writes them down, and says nothing.
    const mute = [
      "import socket",
      "s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
      "s.bind(('127.0.0.1', 53))",
      "while True: print(s.recv(512)[12:].hex(), flush=True)",
    ];
    const resolver = host.spawn(["python3", "-c", mute.join("\n")]);
    let heard = "";
    resolver.stdout.on("data", (part: Buffer) => (heard += part.toString()));
    await host.must('for i in $(seq 300); do [ -n "$(ss -Hlun "sport = :53")" ] && exit 0; sleep 0.05; done; exit 1');
    const done = await host.mailcert([...setup, "--verbose"]);
    expect(done.status, done.stdout + done.stderr).toBe(0);
    expect(done.stderr).toMatch(/going on without all of DNS: .*no name server answered in time/);
    // The servers of the host ask for names of their own.
    const ours = /^(?:[0-9a-f]{2})*?(?:045f746370|085f6d74612d737473)/; // _tcp, _mta-sts
    const questions = heard.split("\n").filter((question) => ours.test(question));
    const times = questions.map((one) => questions.filter((other) => other === one).length);
    // TLSA of the name at each of its six ports (Dovecot's too), MTA-STS of its two domains.
    expect(new Set(questions).size).toBe(8);
    expect(Math.max(...times)).toBeLessThanOrEqual(2);
  });
});

describe("MTA-STS", () => {
  it("a private CA is not put behind a policy that says enforce", async () => {
    const host = await mailHost("bookworm");
    const records = [address, "mta-sts A 127.0.0.1", '_mta-sts TXT "v=STSv1; id=1;"'];
    await startSignedZone(host, { zone: "example.org", records });
    const policy = (mode: string): Promise<void> =>
      host.write(
        "/srv/web/.well-known/mta-sts.txt",
        `version: STSv1\r\nmode: ${mode}\r\nmx: *.example.org\r\nmax_age: 86400\r\n`,
      );
    await host.must(
      `cd /srv && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=Web root" -keyout root-key.pem -out root.pem 2>/dev/null &&
       openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=mta-sts" -addext "subjectAltName=DNS:mta-sts.example.org" \
         -addext "basicConstraints=critical,CA:FALSE" -CA root.pem -CAkey root-key.pem -keyout key.pem -out cert.pem 2>/dev/null &&
       cat root.pem >>/etc/ssl/certs/ca-certificates.crt`,
    );
    await policy("enforce");
    host.spawn("cd /srv/web && exec openssl s_server -accept 443 -cert ../cert.pem -key ../key.pem -WWW -quiet");
    await host.must('for i in $(seq 300); do [ -n "$(ss -Hltn "sport = :443")" ] && exit 0; sleep 0.05; done; exit 1');
    const refused = await host.mailcert(setup);
    expect(refused.status, refused.stdout + refused.stderr).toBe(78);
    expect(refused.stderr).toContain('the MTA-STS policy of example.org says "enforce" and lists mail.example.org');
    await policy("testing");
    const done = await host.mailcert(setup);
    expect(done.status, done.stdout + done.stderr).toBe(0);
  });
});
