// What status tells a person, and that its way on, typed as printed, leads there: overdue, out of the configuration, mended, never set up.
import { afterEach, beforeEach, expect, it } from "vitest";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";
import { startPebble } from "../lab/pebble.ts";

const name = "mail.example.org";
const configuration = "/etc/mailcert/mailcert.yaml";
let host: MailHost;
let pebble: Awaited<ReturnType<typeof startPebble>>;

beforeEach(async () => {
  host = await startMailHost({ suite: "trixie" });
  pebble = await startPebble({ host });
});
afterEach(() => host.stop());

const setup = (...more: readonly string[]) => {
  const ca = ["--acme", pebble.directoryUrl, "--ca-file", pebble.caFile, "--agree-tos"];
  return host.mailcert(["setup", name, ...ca, "--server", "none", "--schedule", "none", ...more]);
};
const later = (days: number, ...args: readonly string[]) =>
  host.exec(["faketime", `+${days} days`, "mailcert", ...args], { timeoutMs: 60_000 });

/** The command after these words. */
const typed = (stdout: string, words: string): string => {
  const command = new RegExp(`${words}: (mailcert [^\\n]+)`).exec(stdout)?.[1];
  if (command === undefined) throw new Error(`no command after "${words}" in:\n${stdout}`);
  return command;
};

it("a first setup that failed is shown, with the command that tries it again", async () => {
  const holder = host.spawn("exec nc -lk 80");
  await expect
    .poll(async () => (await host.exec("ss -ltn | grep -c ':80 '")).stdout.trim(), { timeout: 10_000 })
    .not.toBe("0");
  expect((await setup()).status).toBe(73);
  holder.kill("SIGKILL");
  await expect
    .poll(async () => (await host.exec("ss -ltn | grep -c ':80 '")).stdout.trim(), { timeout: 10_000 })
    .toBe("0");
  const told = await host.mailcert(["status", "--quiet"]);
  expect(told.status).toBe(1);
  expect(told.stdout).toMatch(/not set up[\s\S]*cannot listen on port 80[\s\S]*->/);
  const again = await host.exec(typed(told.stdout, "to try it again"), { timeoutMs: 60_000 });
  expect(again.status, again.stdout + again.stderr).toBe(0);
  expect(await host.mailcert(["status", "--quiet"])).toMatchObject({ status: 0, stdout: "" });
});

it("renewal overdue, and near the end: a fault; out of the configuration, the same CA comes back", async () => {
  const done = await setup("--key", "ecdsa", "--key", "rsa");
  expect(done.status, done.stdout + done.stderr).toBe(0);
  const { live } = (
    JSON.parse((await host.mailcert(["status", "--json"])).stdout) as { certificates: [{ live: { notAfter: string } }] }
  ).certificates[0];
  const days = (Date.parse(live.notAfter) - Date.now()) / 86_400_000;
  // Two thirds are due; what the CA advised lies before.
  const overdue = await later(Math.floor((days * 5) / 6), "status", "--quiet");
  expect(overdue.stdout).toContain("renewal has been due for");
  expect(overdue.status).toBe(1);
  const ending = await later(Math.floor(days), "status", "--quiet");
  expect(ending.stdout).toContain("and is not renewed yet");
  expect(ending.stdout).not.toMatch(/\(1 days\)|\d\dT\d\d:/);
  expect(ending.status).toBe(1);

  await host.must(["mv", configuration, "/root/"]);
  const bare = await host.mailcert(["setup", name, "--server", "none", "--schedule", "none"]);
  expect(bare.status).toBe(78);
  expect(bare.stderr).toContain(`was issued by 127.0.0.1:14000`);
  const gone = await host.mailcert(["status"]);
  const back = typed(gone.stdout, "to have it renewed again");
  const result = await host.exec(`${back} --schedule none`, { timeoutMs: 60_000 });
  expect(result.status, result.stdout + result.stderr).toBe(0);
  expect(await host.read(configuration)).toBe(await host.read("/root/mailcert.yaml"));
  // What was there is taken up: nothing was issued.
  expect((await host.mailcert(["status", "--json"])).stdout).not.toContain('"number": 2');
});

it("a mended entry is tried by the next run, without being named", async () => {
  expect((await setup()).status).toBe(0);
  await host.must(
    `sed -i 's/names:.*//; s/^\\( *\\)issuer:/\\1names: [mail.example.org, pop.example.org]\\n\\1webroot: \\/var\\/www\\/nope\\n\\1issuer:/' ${configuration}`,
  );
  expect((await host.mailcert(["renew"])).status).toBe(1);
  const waiting = await host.mailcert(["renew"]);
  expect(waiting.status).toBe(75);
  expect(waiting.stdout).toContain(`mended? \`mailcert renew ${name}\` tries at once`);
  await host.must(`sed -i '/webroot/d' ${configuration}`);
  const mended = await host.mailcert(["renew"]);
  expect(mended.status, mended.stdout + mended.stderr).toBe(0);
});
