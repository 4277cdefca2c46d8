// The map that real Postfix relays by, when something is wrong with it: a certificate that has ended, a map that has gone, a copied service that nobody remembers.
import { afterAll, beforeAll, expect, it } from "vitest";
import { type RelayingHost, masterCf, startRelayingHost } from "./relaying-host.ts";

const map = "/var/lib/mailcert/clients/default.map";
const lists = "/var/lib/mailcert/clients/default.pem";
let relaying: RelayingHost;

beforeAll(async () => {
  relaying = await startRelayingHost("trixie", "stock");
  await relaying.want("client_certificates: { ca: default, relay: true }\n");
  await relaying.run(["deploy"]);
  await relaying.relayed({ pem: "alice" });
}, 600_000);
afterAll(() => relaying?.stop());

/** As one line. */
const doctor = async (): Promise<string> => (await relaying.host.mailcert(["doctor"])).stdout.replaceAll(/\s+/g, " ");

it("a certificate that has ended relays no more, once the timer's run was there", { timeout: 900_000 }, async () => {
  const { host, refused, relayed, run } = relaying;
  const serial = await relaying.certificate({ name: "carol", address: "carol@example.org", days: 1, daysAgo: 3 });
  expect((await host.exec("openssl x509 -in /root/carol.pem -noout -checkend 0")).status).toBe(1);
  // Postfix goes by the map alone: nobody has looked at its end since.
  expect(await host.read(map)).toContain(serial);
  await relayed({ pem: "carol" });
  await run(["renew"]);
  expect(await host.read(map)).not.toContain(serial);
  await refused({ pem: "carol" });
  await refused({ port: 465, pem: "carol" });
  await relayed({ pem: "alice" });
});

it(
  "a map that has gone is 451 for whoever shows a certificate, and the next run of the timer, or `deploy`, mends it",
  { timeout: 900_000 },
  async () => {
    const { answered, host, relayed, run } = relaying;
    const { name, password } = host.user;
    for (const [command, gone] of [
      ["renew", [map]],
      ["deploy", [map, lists]],
    ] as const) {
      await host.must(["rm", ...gone]);
      await host.must("postfix reload");
      // For now: a mail program keeps the mail and tries again.
      await answered({ pem: "alice" }, /^451 4\./);
      await relayed({ login: `${name}\0${password}` });
      const before = await host.read(masterCf);
      if (command === "deploy") expect(await run(["deploy", "--dry-run"])).toContain(`write ${map}`);
      expect(await doctor()).toContain(`a deployment would: write ${map}`);
      const said = await run([command]);
      for (const path of gone) expect(said).toContain(`${path} was gone, and was written again`);
      await relayed({ pem: "alice" });
      expect(await host.read(masterCf)).toBe(before);
      expect(await run([command])).not.toContain("was gone");
    }
    // By hand: everybody is let in, until a deployment looks.
    await host.must(`sed -i '/^[0-9A-F]/d' ${map} && postfix reload`);
    await relaying.refused({ pem: "alice" });
    await run(["deploy"]);
    await relayed({ pem: "alice" });
  },
);

it(
  "a copied service is named by whoever takes the wish away or everything out, also when the log was lost",
  { timeout: 900_000 },
  async () => {
    const { answered, host, relayed, run, want } = relaying;
    const copy = "192.0.2.10:2587";
    const text = await host.read(masterCf);
    const entry = await host.must("postconf -Mf submission/inet");
    expect(entry).toContain(`relay_clientcerts=texthash:${map}`);
    await host.write(masterCf, `${text}${entry.replace(/^submission /, `${copy} `)}`);
    await host.must("postfix reload");
    await relayed({ port: 2587, pem: "alice" });
    await host.must("rm /var/lib/mailcert/events.jsonl");

    const mend = `postconf -PX ${copy}/inet/relay_clientcerts && postfix reload`;
    await want("");
    // Somebody may have set it by hand while the map is there.
    expect(await run(["deploy"])).not.toContain("relay_clientcerts");
    await host.must(["rm", map, lists]);
    const said = await run(["deploy"]);
    expect(said).toContain(`the service ${copy}/inet names texthash:${map}, which is not there`);
    expect(said).toContain(mend);
    expect(await doctor()).toContain(`the service ${copy}/inet names texthash:${map}, which is not there`);
    await host.must("postfix reload");
    await answered({ port: 2587, pem: "alice" }, /^451 4\./);

    const removed = await run(["deploy", "--remove"], 1);
    expect(removed).toContain("postfix still names files of client certificates: -o relay_clientcerts=");
    expect(removed).toContain(`of the service ${copy}/inet in`);
    for (const service of [`${copy}/inet`, "submission/inet", "submissions/inet"]) {
      const command = `postconf -PX ${service}/relay_clientcerts`;
      expect(removed).toContain(command);
      await host.must(command);
    }
    await host.must("postfix reload");
    expect((await host.exec("grep -rs /var/lib/mailcert/clients /etc/postfix")).stdout).toBe("");
    await relaying.refused({ port: 2587, pem: "alice" });
  },
);
