// setup and the overview in a real terminal (a pty), as somebody new types: what is asked, what is shown, and that a no or Ctrl-C changes nothing.
import { afterAll, beforeAll, expect, test } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { dovecotPair, makePair } from "./deployed-host.ts";

const name = "mail.example.org";
let host: MailHost;

beforeAll(async () => {
  host = await startMailHost({ suite: "trixie" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
});
afterAll(() => host.stop());

/** What a person types once the text has appeared. */
type Typed = readonly [after: string, keys: string];

interface Session {
  /** Everything that the terminal was sent. */
  readonly raw: string;
  readonly status: number | null;
}

/** Each answer waits for its question; \u0003 is Ctrl-C, \u0004 Ctrl-D. */
const inTerminal = (line: string, typed: readonly Typed[], env: Readonly<Record<string, string>> = {}) =>
  new Promise<Session>((done, failed) => {
    const child = host.spawn(["script", "-qec", `stty cols 80 rows 40; ${line}`, "/dev/null"], {
      env: { TERM: "xterm", ...env },
    });
    const left = [...typed];
    let raw = "";
    let seen = 0;
    const deadline = setTimeout(() => {
      child.kill("SIGKILL");
      failed(new Error(`it waits for ${JSON.stringify(left[0]?.[0])}:\n${raw}`));
    }, 200_000);
    child.stdout.setEncoding("utf8").on("data", (part: string) => {
      raw += part;
      for (let [next] = left; next; [next] = left) {
        const at = raw.indexOf(next[0], seen);
        if (at < 0) return;
        seen = at + next[0].length;
        left.shift();
        child.stdin.write(next[1]);
      }
    });
    child.on("close", (status) => {
      clearTimeout(deadline);
      if (left.length > 0) failed(new Error(`it ended before ${JSON.stringify(left[0]?.[0])}:\n${raw}`));
      else done({ raw, status });
    });
  });

/** What a person reads: without what moves the cursor while a line is edited. */
const read = ({ raw }: Session): string => raw.replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, "").replaceAll(/\r+\n/g, "\n");

/** Whatever the width at which its sentences were folded. */
const said = (run: Parameters<typeof read>[0]): string => read(run).replaceAll(/\s+/g, " ");

/** Everything on this host that a setup could change. */
const traces = (): Promise<string> =>
  host.must(
    "ls -d /etc/mailcert /var/lib/mailcert /etc/dovecot/conf.d/99-mailcert.conf 2>/dev/null; md5sum /etc/postfix/*.cf",
  );

/** As the first setup printed it. */
let wayBack: readonly string[] = [];

test("Ctrl-C, Ctrl-D, a no, and no to the terms: nothing is changed", async () => {
  const before = await traces();
  const first = await inTerminal("mailcert setup", [[`will have it [${name}]: `, "\u0003"]]);
  expect([first.status, said(first)]).toEqual([75, expect.stringContaining("stopped at the question; nothing was")]);
  const second = await inTerminal("mailcert setup", [
    ["will have it [", "\r"],
    ["Choice [1]: ", "\u0004"],
  ]);
  expect([second.status, said(second)]).toEqual([75, expect.stringContaining("stopped at the question; nothing was")]);
  const no = await inTerminal("mailcert setup", [
    ["will have it [", "\r"],
    ["Choice [1]: ", "\r"],
    ["Do all of this? [y/N] ", "\r"],
  ]);
  const third = await inTerminal("mailcert setup --issuer self-signed", [
    ["will have it [", "\r"],
    ["Do all of this? [y/N] ", "\u0003"],
  ]);
  expect([third.status, said(third)]).toEqual([75, expect.stringContaining("stopped at the question; nothing was")]);
  const hardened = await inTerminal("mailcert setup --harden --issuer self-signed", [
    ["will have it [", "\r"],
    ["Do all of this? [y/N] ", "\u0004"],
  ]);
  expect([hardened.status, said(hardened)]).toEqual([75, expect.stringContaining("question; nothing was changed")]);
  expect([no.status, said(no)]).toEqual([78, expect.stringContaining("not confirmed: nothing was changed")]);
  expect(read(no)).toContain("main.cf: smtpd_tls_chain_files = /var/lib/mailcert/certificates/");
  const terms = await inTerminal("mailcert setup", [
    ["will have it [", "\r"],
    ["Choice [1]: ", "2\r"],
    ["(empty for none): ", "\r"],
    ["Do you agree to them? [y/N] ", "\r"],
  ]);
  expect([terms.status, said(terms)]).toEqual([78, expect.stringContaining("were not agreed to: nothing was changed")]);
  expect(await traces()).toBe(before);
}, 300_000);

test("without a terminal nothing is asked, and without rights nobody is", async () => {
  const silent = await host.mailcert(["setup"], { input: "mail.example.org\n1\ny\n" });
  expect(silent).toMatchObject({ status: 64, stdout: "" });
  expect(silent.stderr).toBe(
    "mailcert: error: no host name was given\nmailcert: hint: for example: mailcert setup mail.example.org\n",
  );
  const user = await inTerminal("setpriv --reuid=alice --regid=alice --init-groups mailcert setup", []);
  expect([user.status, said(user)]).toEqual([77, expect.stringContaining("nothing can be written below")]);
  const hardening = "setpriv --reuid=alice --regid=alice --init-groups mailcert setup --harden";
  const hardened = await inTerminal(hardening, []);
  expect([hardened.status, said(hardened)]).toEqual([77, expect.stringContaining("nothing can be written below")]);
});

test("a dumb terminal: three answers by Enter and a yes; the plan, a line for each step, the way back", async () => {
  const setup = await inTerminal(
    "mailcert setup",
    [
      ["will have it [", "\r"],
      ["Choice [1]: ", "\r"],
      ["Do all of this? [y/N] ", "y\r"],
    ],
    { TERM: "dumb" },
  );
  expect(setup.status, setup.raw).toBe(0);
  // Nothing is written over, nothing is coloured: a screen reader says each line once.
  expect(setup.raw).not.toContain("\u001b");
  const text = read(setup);
  const order = [
    "  1  a private CA made on this host",
    "* looking at this host: nothing is changed\n",
    `${name}: plan (nothing was changed)\n`,
    "Do all of this? [y/N] ",
    "* asking private-ca for a certificate (ecdsa)\n",
    "* writing /etc/mailcert/mailcert.yaml\n",
    "* dovecot: settings and reload\n",
    "* postfix: settings and reload\n",
    "* connecting to each entry point, to see what is served now\n",
    `${name}: served and proven at every entry point\n`,
    "To take back what was changed, in this order (mailcert log says what was changed, and when):\n".slice(0, 50),
    `  mailcert deploy --remove ${name}  `,
    "  rm /etc/mailcert/mailcert.yaml  ",
    `  rm -r /var/lib/mailcert/certificates/${name}  `,
    "  rm -r /var/lib/mailcert/ca/default  ",
  ];
  const places = order.map((part) => text.indexOf(part));
  expect(places, text).toEqual(places.toSorted((a, b) => a - b));
  expect(places.filter((at) => at < 0)).toEqual([]);
  const [, after = ""] = text.split("To take back what was changed");
  wayBack = after.split("\n").flatMap((line) => /^ {2}(\S.*?)(?: {2,}.*)?$/.exec(line)?.[1] ?? []);
  // It can be read on in a pipe: not one step among the results.
  expect((await host.mailcert(["setup", name])).stderr).toBe("");
}, 300_000);

test("a second run asks nothing, and the overview leads on", async () => {
  const again = await inTerminal(`mailcert setup ${name}`, []);
  expect(again.status, again.raw).toBe(0);
  expect(read(again)).not.toMatch(/\? \[|Choice|plan \(/);
  expect(again.raw).not.toContain("\u001b");
  const overview = await inTerminal("mailcert", []);
  expect(overview.status).toBe(0);
  const lines = read(overview).trimEnd().split("\n");
  expect(lines.length, read(overview)).toBeLessThanOrEqual(11);
  expect(lines[1]).toMatch(/^mail servers {2}dovecot 2\.4\.\d+: TLS is on \(port 110, 143, 993, 995/);
  expect(read(overview)).toContain(`certificates  ${name}: private-ca; `);
  expect(read(overview)).toContain("next          mailcert schedule install\n");
  const user = await inTerminal("setpriv --reuid=alice --regid=alice --init-groups env HOME=/home/alice mailcert", []);
  expect(user.status, user.raw).toBe(0);
  expect(read(user)).toContain("(root is told more)\n");
  expect(read(user)).toContain(`certificates  ${name}: private-ca; `);
}, 300_000);

test("Ctrl-C at an edit of somebody else's line: no bug, and no other server is touched", async () => {
  await makePair(host, "/etc/ssl/own");
  await host.write("/etc/dovecot/local.conf", dovecotPair(host, "/etc/ssl/own"));
  const before = await traces();
  const gaveUp = await inTerminal(`mailcert deploy ${name}`, [["[y/N] ", "\u0003"]]);
  expect(gaveUp.status, gaveUp.raw).toBe(75);
  expect(read(gaveUp)).toContain("error: stopped");
  expect(read(gaveUp)).not.toMatch(/bug|report it|nothing was changed/);
  expect(await traces()).toBe(before);
  await host.must("rm /etc/dovecot/local.conf");
}, 300_000);

test("the way back that was printed, then all told on the command line: shown, not asked; --quiet says no step", async () => {
  expect(wayBack).toEqual([
    `mailcert deploy --remove ${name}`,
    "rm /etc/mailcert/mailcert.yaml",
    `rm -r /var/lib/mailcert/certificates/${name}`,
    "rm -r /var/lib/mailcert/ca/default",
  ]);
  for (const line of wayBack) await host.must(line);
  const told = await inTerminal(`mailcert setup ${name} --issuer self-signed`, []);
  expect(told.status, told.raw).toBe(0);
  expect(read(told)).toContain(`${name}: plan (nothing was changed)\n`);
  expect(read(told)).not.toContain("Do all of this?");
  const quiet = await inTerminal(`mailcert setup ${name} --quiet`, []);
  expect(quiet.status).toBe(0);
  expect(read(quiet)).toMatch(/^mail\.example\.org: served and proven at every entry point$/m);
  expect(read(quiet)).not.toMatch(/^\* /m);
}, 300_000);
