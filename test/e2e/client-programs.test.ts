// Mail programs of the terminal with the settings that the bundle wrote for them: each signs in without a question, refuses without its line of trust, and takes the pin.
import { afterAll, beforeAll, expect, test } from "vitest";
import type { ChildResult } from "../lab/child.ts";
import { type People, folder, name, startPeople } from "./client-people.ts";

const home = "/home/alice";
const alice = { user: "alice", timeoutMs: 30_000 } as const;

let people: People;
beforeAll(async () => {
  people = await startPeople({ suite: "trixie", mailers: true }, { submission: true, words: ["--login", "local-part", "--domain", name] });
  const { host } = people;
  // Her keeper of passwords.
  await host.write("/usr/local/bin/pass", `#!/bin/sh\n[ "$*" = "show mail/${name}" ] && cat ${home}/.secret\n`, "755");
  await host.write(`${home}/.secret`, `${host.user.password}\n`, "600");
  await host.write(`${home}/.netrc`, `machine ${name} login alice password ${host.user.password}\n`, "600");
  await host.must(`mkdir -p ${home}/.mail ${home}/Mail && cp '${folder}/ca.crt' ${home}/.mail/ && chown -R alice: ${home}`);
}, 120_000);
afterAll(() => people?.host.stop());

type Edit = readonly [line: RegExp, instead: string];

/** The file of the bundle as its comments tell people to change it; each change must fit. */
const settings = async (file: string, ...edits: readonly Edit[]): Promise<string> => {
  let text = (await people.host.read(`${folder}/${file}`)).replaceAll("YOU", "alice");
  for (const [line, instead] of edits) {
    expect(text, String(line)).toMatch(line);
    text = text.replace(line, instead);
  }
  const path = `${home}/settings-of-${file}`;
  await people.host.write(path, text, "600");
  await people.host.must(["chown", "alice:", path]);
  return path;
};
const run = (line: string): Promise<ChildResult> => people.host.clientExec(line, alice);
const said = ({ stdout, stderr }: ChildResult): string => stdout + stderr;
const wrong = (pin: string): string => pin.replace(/[0-9A-Fa-f]{2}$/, (last) => (last === "00" ? "11" : "00"));

const send = async (subject: string, ...edits: readonly Edit[]): Promise<ChildResult> =>
  run(`printf 'Subject: ${subject}\\n\\nHello\\n' | msmtp -C ${await settings("msmtprc.txt", ...edits)} alice@${name}`);

test("msmtp", async () => {
  const trust: Edit = [/^tls_trust_file .*\n/m, ""];
  const pin: Edit = [/^#tls_fingerprint/m, "tls_fingerprint"];
  expect(await send("by the authority")).toMatchObject({ status: 0, stdout: "", stderr: "" });
  expect(said(await send("refused", trust))).toMatch(/certificate .*(not trusted|issuer|unknown)/i);
  expect(await send("by the pin", trust, pin)).toMatchObject({ status: 0, stdout: "", stderr: "" });
  const other: Edit = [/^tls_fingerprint .*$/m, `tls_fingerprint ${"00:".repeat(31)}00`];
  expect(said(await send("refused", trust, pin, other))).toMatch(/fingerprint/);
  const starttls: readonly Edit[] = [
    [/^port 465\n/m, ""],
    [/^tls_starttls off\n/m, ""],
    [/^#port/m, "port"],
    [/^#tls_starttls/m, "tls_starttls"],
  ];
  expect(await send("by STARTTLS", ...starttls)).toMatchObject({ status: 0, stdout: "", stderr: "" });
});

test("mbsync", async () => {
  const sync = async (...edits: readonly Edit[]): Promise<ChildResult> =>
    run(`mbsync -c ${await settings("mbsyncrc.txt", ...edits)} -a`);
  const done = await sync();
  expect(done.status, said(done)).toBe(0);
  expect(said(done)).not.toMatch(/warn|certificate/i);
  console.log(said(done), said(await run("ls -R ~/Mail | head -50")));
});
