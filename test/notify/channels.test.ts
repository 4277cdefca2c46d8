// Mail, webhook, ping and textfile: each keeps to the contract of the seam, and says what its readers expect.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ChannelName, NotifySettings } from "../../src/domain/notify-settings.ts";
import type { Channel } from "../../src/notify/channel.ts";
import { channels } from "../../src/notify/index.ts";
import { mailDate, mailText } from "../../src/notify/mail.ts";
import { pingUrl } from "../../src/notify/ping.ts";
import { textfile } from "../../src/notify/prometheus.ts";
import { headersOf } from "../../src/notify/webhook.ts";
import { createRunProgram } from "../../src/system/run.ts";
import { aReport, channelContract, hostileReport } from "../contract/channel.ts";
import { complaints } from "../docs/schemas.ts";
import { readExposition } from "../fakes/exposition.ts";
import { type Heard, startListener } from "../fakes/listener.ts";

const never = new AbortController().signal;
let dir: string;
let sendmail: string;
const stops: (() => Promise<void>)[] = [];
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "mailcert-notify-"));
  sendmail = join(dir, "sendmail");
  writeFileSync(
    sendmail,
    `#!/bin/sh\nn=$(ls ${dir}/mails 2>/dev/null | wc -l)\nmkdir -p ${dir}/mails\n{ echo "args: $*"; cat; } > ${dir}/mails/$n\n`,
  );
  chmodSync(sendmail, 0o755);
});
beforeEach(() => rmSync(join(dir, "mails"), { recursive: true, force: true }));
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

const open = async (name: ChannelName, settings: NotifySettings, program = sendmail): Promise<Channel> =>
  (await channels[name].load())(settings, {
    run: createRunProgram(process.env),
    randomId: () => "0123456789abcdef",
    userAgent: "mailcert/test",
    sendmail: program,
  });
const listen = async (...args: Parameters<typeof startListener>) => {
  const listener = await startListener(...args);
  stops.push(listener.stop);
  return listener;
};
const mails = (): readonly string[] =>
  readdirSync(join(dir, "mails"))
    .toSorted()
    .map((name) => readFileSync(join(dir, "mails", name), "utf8"));
const asText = ({ method, path, headers, body }: Heard): string =>
  `${method} ${path} ${JSON.stringify(headers)} ${body}`;

const program = (text: string): string => {
  const path = join(dir, `program-${readdirSync(dir).length}`);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
};

describe("mail", () => {
  const settings = { mail: ["postmaster@example.org", "alice@example.org"] };
  channelContract({
    name: "mail",
    works: async () => ({ channel: await open("mail", settings), received: async () => mails() }),
    broken: {
      "no sendmail": () => open("mail", settings, join(dir, "nothing")),
      "sendmail that fails": () => open("mail", settings, program("echo mail system is down >&2; exit 75")),
    },
    secrets: [],
    silent: () => open("mail", settings, program("exec sleep 60")),
  });

  it("is a mail as RFC 5322 has it, to all, that nobody answers", () => {
    const text = mailText(aReport(), settings.mail, undefined, "abc");
    const [head, body] = [text.slice(0, text.indexOf("\n\n")), text.slice(text.indexOf("\n\n") + 2)];
    expect(head.split("\n")).toEqual([
      "From: mailcert <root@mail.example.org>",
      "To: postmaster@example.org,",
      "\talice@example.org",
      "Subject: mailcert on mail.example.org: 1 fault: mail.example.org",
      "Date: Fri, 20 Nov 2026 12:00:00 +0000",
      "Message-ID: <mailcert.abc@mail.example.org>",
      "Auto-Submitted: auto-generated",
      "MIME-Version: 1.0",
      "Content-Type: text/plain; charset=us-ascii",
      "Content-Transfer-Encoding: 7bit",
    ]);
    expect(body).toContain(
      "FAULT  mail.example.org  [renew-failed]\n  mail.example.org: the CA said no\n  -> mailcert status\n",
    );
    expect(body).toContain("Open now: 1 fault, 2 warnings.");
  });

  it("has a sender of one's own, in the envelope too, and none made up where the host's name is no whole one", async () => {
    await (await open("mail", { ...settings, from: "certs@example.org" })).send(aReport(), never);
    expect(mails()[0]).toMatch(/^args: -t -i -f certs@example.org\nFrom: mailcert <certs@example.org>\n/);
    const short = mailText(aReport(undefined, { host: "mail" }), ["a@example.org"], undefined, "abc");
    expect(short).toMatch(/^From: mailcert <root>\n/);
    expect(short).toContain("Message-ID: <mailcert.abc@localhost.localdomain>");
  });

  it("has no line that may not be sent, whatever it tells", () => {
    const long = aReport([
      {
        kind: "new",
        cause: { ...hostileReport().news[0]!.cause, message: `${"x".repeat(5000)} ${"ä ".repeat(2000)}` },
      },
    ]);
    const text = mailText(
      long,
      Array.from({ length: 50 }, (_, index) => `user${index}@example.org`),
      undefined,
      "abc",
    );
    expect(Math.max(...text.split("\n").map((line) => Buffer.byteLength(line)))).toBeLessThan(998);
    expect(text).toContain("charset=utf-8");
    expect(text.slice(0, text.indexOf("\n\n"))).toMatch(/^[\u0009\u000a\u0020-\u007e]*$/);
  });

  it.each([
    ["2026-01-04T03:04:05Z", "Sun, 4 Jan 2026 03:04:05 +0000"],
    ["2028-02-29T23:59:59Z", "Tue, 29 Feb 2028 23:59:59 +0000"],
  ])("writes %s as %s", (at, text) => expect(mailDate(new Date(at))).toBe(text));

  it.each([
    ["over", "well again: mail.example.org"],
    ["reminder", "STILL 1 fault: mail.example.org"],
    ["changed", "1 fault: mail.example.org"],
  ] as const)("says in the subject what kind of news it is: %s", (kind, words) => {
    const [news] = aReport().news;
    const text = mailText(aReport(news ? [{ ...news, kind }] : []), ["a@example.org"], undefined, "abc");
    expect(/^Subject: mailcert on mail.example.org: (.*)$/m.exec(text)?.[1]).toBe(words);
  });

  it("says that a test is one", () => {
    const text = mailText(aReport([], { test: true }), ["a@example.org"], undefined, "abc");
    expect(text).toContain("Subject: mailcert on mail.example.org: a test, all is as it was");
    expect(text).toContain("Nothing is wrong.");
  });
});

describe("webhook", () => {
  const secretFile = (text = "Authorization: Bearer hunter2\n", mode = 0o600): string => {
    const path = join(dir, "webhook-header");
    rmSync(path, { force: true });
    writeFileSync(path, text, { mode });
    chmodSync(path, mode);
    return path;
  };
  const to = (url: string, over: NotifySettings = {}): Promise<Channel> =>
    open("webhook", { webhook: `${url}/services/T0KEN?key=S3CRET`, webhookHeaderFile: secretFile(), ...over });
  channelContract({
    name: "webhook",
    works: async () => {
      const { url, heard } = await listen();
      return { channel: await to(url), received: async () => heard.map(({ body }) => body) };
    },
    broken: {
      "nobody there": async () => {
        const { url, stop } = await startListener();
        await stop();
        return to(url);
      },
      "an error": async () => to((await listen({ status: 500 })).url),
      "a redirect": async () => to((await listen({ status: 302, location: "https://elsewhere.example.org/" })).url),
      "a header file that is not there": async () =>
        to((await listen()).url, { webhookHeaderFile: join(dir, "webhook-none") }),
      "a header file that others can read": async () => {
        const channel = await to((await listen()).url);
        chmodSync(join(dir, "webhook-header"), 0o644);
        return channel;
      },
    },
    secrets: ["hunter2", "T0KEN", "S3CRET"],
    silent: async () => to((await listen({ status: 0 })).url),
  });

  it("is one POST of a document that its schema describes, with the secret header", async () => {
    const { url, heard } = await listen();
    await (await to(url)).send(aReport(), never);
    const [call] = heard;
    expect(call).toMatchObject({
      method: "POST",
      path: "/services/T0KEN?key=S3CRET",
      headers: { authorization: "Bearer hunter2", "content-type": "application/json", "user-agent": "mailcert/test" },
    });
    const document = JSON.parse(call?.body ?? "") as { text: string };
    expect(complaints(document)).toEqual([]);
    expect(document.text).toContain("mailcert on mail.example.org: 1 fault: mail.example.org\n");
    await (await to(url)).send(hostileReport(), never);
    await (await to(url)).send(aReport([], { test: true }), never);
    for (const { body } of heard) expect(complaints(JSON.parse(body) as object)).toEqual([]);
  });

  it("follows no redirect", async () => {
    const target = await listen();
    const { url, heard } = await listen({ status: 307, location: target.url });
    await expect((await to(url)).send(aReport(), never)).rejects.toThrow("it answered 307, which is not followed");
    expect([heard.length, target.heard.length]).toEqual([1, 0]);
  });

  it.each([
    ["", "no header line"],
    ["Authorization Bearer hunter2", "line 1 is no header"],
    ["# mine\nX-Token: hunter2\nContent-Length: 5", "line 3 is a header that mailcert writes itself"],
    ["X-Token: hunter2\u0007", "line 1 is no header"],
  ])("refuses a header file by its line, and never by its text: %j", (text, why) => {
    const failure = (() => {
      try {
        return JSON.stringify(headersOf(text, "/secrets/webhook"));
      } catch (error) {
        return String(error);
      }
    })();
    expect(failure).toContain(why);
    expect(failure).not.toContain("hunter2");
  });
});

describe("ping", () => {
  const to = (url: string): Promise<Channel> => open("ping", { ping: `${url}/ping/UU1D` });
  channelContract({
    name: "ping",
    works: async () => {
      const { url, heard } = await listen();
      return { channel: await to(url), received: async () => heard.map(asText) };
    },
    broken: {
      "nobody there": async () => {
        const { url, stop } = await startListener();
        await stop();
        return to(url);
      },
      "no such check": async () => to((await listen({ status: 404 })).url),
    },
    secrets: ["UU1D"],
    silent: async () => to((await listen({ status: 0 })).url),
  });

  it("says how the run ended", async () => {
    const { url, heard } = await listen();
    const channel = await to(url);
    for (const outcome of ["done", "waiting", "fault"] as const) await channel.send(aReport([], { outcome }), never);
    expect(heard.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /ping/UU1D",
      "GET /ping/UU1D",
      "GET /ping/UU1D/fail",
    ]);
  });

  it("keeps a query behind the word", () => {
    expect(pingUrl("https://hc.example.org/p/u/?create=1", "fault").href).toBe(
      "https://hc.example.org/p/u/fail?create=1",
    );
  });
});

describe("prometheus", () => {
  let count = 0;
  const place = (): string => {
    const folder = join(dir, `collector-${(count += 1)}`);
    mkdirSync(folder);
    return join(folder, "mailcert.prom");
  };
  channelContract({
    name: "prometheus",
    works: async () => {
      const path = place();
      return {
        channel: await open("prometheus", { prometheus: path }),
        received: async () => [readFileSync(path, "utf8")],
      };
    },
    broken: {
      "no folder": () => open("prometheus", { prometheus: join(dir, "none/mailcert.prom") }),
      "a link": () => {
        const path = place();
        symlinkSync("/etc/passwd", path);
        return open("prometheus", { prometheus: path });
      },
    },
    secrets: [],
  });

  it("is a file for everybody to read, replaced whole", async () => {
    const path = place();
    const channel = await open("prometheus", { prometheus: path });
    await channel.send(aReport(), never);
    const { ino, mode } = statSync(path);
    expect(mode & 0o777).toBe(0o644);
    await channel.send(aReport([], { outcome: "done" }), never);
    expect(statSync(path).ino).not.toBe(ino);
    expect(readdirSync(join(path, ".."))).toEqual(["mailcert.prom"]);
  });

  it("keeps the mode and the owner that somebody gave it, and takes away what killed runs left beside it", async () => {
    const path = place();
    const channel = await open("prometheus", { prometheus: path });
    await channel.send(aReport(), never);
    chmodSync(path, 0o640);
    const { pid: gone } = spawnSync("true");
    const left = join(path, "..", `.mailcert-${gone}-1.tmp`);
    const others = join(path, "..", "other.prom");
    for (const file of [left, others]) writeFileSync(file, "x");
    await channel.send(aReport([], { outcome: "done" }), never);
    expect(statSync(path).mode & 0o777).toBe(0o640);
    expect(readdirSync(join(path, "..")).toSorted()).toEqual(["mailcert.prom", "other.prom"]);
  });

  it("has no time of a last run before the first, where one could not begin", () => {
    const { lastRun: _none, ...report } = aReport();
    expect(textfile(report)).not.toContain("last_run_timestamp");
    expect(textfile(report)).toContain("mailcert_last_run_ok 0");
  });

  it("is what the exposition format allows, whatever the names are", () => {
    for (const report of [aReport(), hostileReport(), aReport([], { certificates: [] })])
      expect(readExposition(textfile(report)).length).toBeGreaterThan(4);
    expect(textfile(aReport()).split("\n")).toEqual(
      expect.arrayContaining([
        "mailcert_last_run_timestamp_seconds 1795176000",
        "mailcert_last_success_timestamp_seconds 1795172400",
        "mailcert_last_run_ok 0",
        'mailcert_open_findings{severity="fault"} 1',
        'mailcert_certificate_not_after_timestamp_seconds{certificate="mail.example.org"} 1797768000',
        'mailcert_certificate_faults{certificate="mx.example.org"} 0',
        'mailcert_certificate_stage{certificate="mail.example.org"} 4',
      ]),
    );
    expect(textfile(hostileReport())).toContain('certificate="a\\"b\\\\c\\nd"');
  });
});
