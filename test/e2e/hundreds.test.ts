// A hoster's host: 40 certificates on one Dovecot and Postfix (500 with MAILCERT_FULL=1, npm run test:full), all in one go, then one renewed. Prints what it took.
import { expect, it } from "vitest";
import type { MailHost } from "../lab/mail-host.ts";
import { leafIn, onHost } from "./deployed-host.ts";
import { expectReloads } from "./log-counts.ts";

const full = process.env["MAILCERT_FULL"] === "1";
const count = full ? 500 : 40;
const names = Array.from({ length: count }, (_, index) => `mail.customer${index}.example.org`);
const configuration = `certificates:\n${names.map((name) => `  ${name}:\n    ca_domains: [example.org]\n    servers: [dovecot, postfix]\n`).join("")}`;

interface Measured {
  readonly status: number;
  readonly seconds: number;
  readonly megabytes: number;
  readonly document: {
    readonly certificates: readonly {
      readonly certificate: string;
      readonly deployed?: {
        readonly outcome: string;
        readonly servers: readonly {
          readonly id: string;
          readonly reloaded: boolean;
          readonly changes: readonly string[];
        }[];
        readonly entries: readonly { readonly host: string; readonly port: number; readonly verdict: string }[];
      };
    }[];
  };
}

/** A run with what it took: seconds by the clock, the most memory it had. */
const measured = async (host: MailHost, args: readonly string[]): Promise<Measured> => {
  const script = `import json, resource, subprocess, sys, time
start = time.time()
done = subprocess.run(["mailcert"] + sys.argv[1:], stdout=open("/root/out.json", "w"), stderr=open("/root/err", "w"))
print(json.dumps({"status": done.returncode, "seconds": time.time() - start, "megabytes": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024}))`;
  const line = await host.must(["python3", "-c", script, ...args, "--json"], { timeoutMs: full ? 3_000_000 : 500_000 });
  const document = JSON.parse((await host.read("/root/out.json")) || "{}") as Measured["document"];
  const figures = JSON.parse(line) as Omit<Measured, "document">;
  process.stderr.write(
    `${count} certificates on ${host.suite}, ${args.join(" ")}: ${figures.seconds.toFixed(1)} s, ${figures.megabytes.toFixed(0)} MiB\n`,
  );
  return { ...figures, document };
};

const servedFor = async (host: MailHost, name: string, where: string): Promise<string> =>
  (
    await host.exec(
      `timeout 20 openssl s_client -connect 127.0.0.1:${where} -servername ${name} </dev/null 2>/dev/null | openssl x509 -noout -fingerprint -sha256 | sed 's/.*=//; s/://g' | tr A-F a-f`,
    )
  ).stdout.trim();

/** Programs that a command starts. */
const programs = async (host: MailHost, command: string): Promise<number> => {
  const traced = `strace -f -qq -e trace=execve -e signal=none -o /root/trace ${command} > /root/out 2>&1; grep -c 'execve.* = 0' /root/trace`;
  return Number(await host.must(traced, { timeoutMs: 500_000 }));
};

const suites = full ? (["bookworm", "trixie"] as const) : (["trixie"] as const);
it.each(suites)(
  `${count} certificates on %s: one reload for all, one for one, each name proven`,
  { timeout: full ? 3_600_000 : 700_000 },
  async (suite) => {
    await onHost({ suite }, async (host) => {
      await host.write("/etc/mailcert/mailcert.yaml", configuration);
      const all = await measured(host, ["renew"]);
      expect(all.status, await host.read("/root/err")).toBe(0);
      const deployed = all.document.certificates.map((one) => one.deployed);
      expect(deployed.filter((one) => one?.outcome === "verified")).toHaveLength(count);
      // Every name on every port.
      const proven = new Set(
        deployed.flatMap((one) =>
          (one?.entries ?? []).flatMap(({ host: name, port, verdict }) =>
            verdict === "proven" ? [`${name} ${port}`] : [],
          ),
        ),
      );
      const ports = [...new Set([...proven].map((one) => Number(one.split(" ")[1])))];
      expect(ports).toEqual(expect.arrayContaining([25, 110, 143, 993, 995, 4190]));
      expect(proven.size).toBe(count * ports.length);
      await expectReloads(host, 1, 1);
      expect(deployed.flatMap((one) => one?.servers.flatMap(({ changes }) => changes) ?? []).length).toBeLessThan(10);
      const journal = (await host.read("/var/lib/mailcert/events.jsonl")).split("\n");
      expect(Math.max(...journal.map((line) => line.length))).toBeLessThan(2_000);

      const last = names.at(-1) ?? "";
      const one = await measured(host, ["renew", "--force", last]);
      expect(one.status, await host.read("/root/err")).toBe(0);
      expect(one.document.certificates).toHaveLength(1);
      expect(one.document.certificates[0]?.deployed?.outcome).toBe("verified");
      await expectReloads(host, 2, 2);
      const leaf = await leafIn(host, `/var/lib/mailcert/certificates/${last}/live/ecdsa/cert.pem`);
      for (const where of ["993", "25 -starttls smtp"])
        await expect.poll(() => servedFor(host, last, where), { timeout: 10_000 }).toBe(leaf);
      const idle = await measured(host, ["renew"]);
      expect(idle.status).toBe(0);
      await expectReloads(host, 2, 2);
      // Doctor asks the servers once, not once for each certificate.
      const asked = await programs(host, "mailcert doctor");
      process.stderr.write(`mailcert doctor starts ${asked} programs\n`);
      expect(asked, await host.read("/root/out")).toBeLessThan(200);
      if (full) {
        const smtpd = await host.must("ps -o rss= -C smtpd | sort -n | tail -1");
        const looked = await measured(host, ["deploy"]);
        expect(looked.status).toBe(0);
        await expectReloads(host, 2, 2);
        process.stderr.write(
          `smtpd ${smtpd.trim()} KiB; ${await host.must("doveconf -n | wc -c; time -p doveconf -n >/dev/null 2>&1; ls -l /etc/dovecot/conf.d/99-mailcert.conf /etc/postfix/mailcert-sni /var/lib/mailcert/events.jsonl 2>&1")}\n`,
        );
      }
      const removed = await host.mailcert(["deploy", "--remove"], { timeoutMs: 600_000 });
      expect(removed.status, removed.stdout + removed.stderr).toBe(0);
      expect((await host.exec("ls /etc/postfix/mailcert-sni /etc/dovecot/conf.d/99-mailcert.conf")).stdout).toBe("");
    });
  },
);
