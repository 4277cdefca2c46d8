// verify's reports about a real mail host, and what is hostile in them, before judges that are not ours: libxml2 for XML and HTML, Python's HTML parser.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { verifyReports } from "../../src/reports/verify-reports.ts";
import { createTemplates } from "../../src/system/templates.ts";
import { complaints } from "../docs/schemas.ts";
import { readExposition } from "../fakes/exposition.ts";
import { hostile } from "../fakes/verify-result.ts";
import { type MailHost, startMailHost } from "../lab/mail-host.ts";

const name = "mail.example.org";
const testFolder = join(import.meta.dirname, "..");
const golden = (file: string): string => readFileSync(join(testFolder, "reports/golden", file), "utf8");
const templates = createTemplates(join(testFolder, "../templates"));
const ports = [25, 110, 143, 993, 995, 4190];

let host: MailHost;
beforeAll(async () => {
  host = await startMailHost({ suite: "bookworm" });
  await Promise.all([host.startDovecot(), host.startPostfix()]);
  const made = await host.mailcert(["setup", name, "--yes"]);
  expect(made.status, made.stderr).toBe(0);
  await host.write("/tmp/junit.rng", readFileSync(join(testFolder, "fixtures/junit.rng"), "utf8"));
  await host.write("/tmp/page.py", pageJudge);
});
afterAll(() => host.stop());

/** Elements closed in order, ids once, links to them alone, nothing that is fetched, no comment, no script. */
const pageJudge = `
import html.parser, sys
VOID = {"meta", "link", "br", "img", "hr", "input"}
FETCHED = {"src", "srcset", "data", "action", "poster", "background", "style", "formaction", "ping"}
class Judge(html.parser.HTMLParser):
    open_, ids, links, tags = [], [], [], set()
    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)
        if tag not in VOID: self.open_.append(tag)
        for name, value in attributes:
            assert name not in FETCHED and not name.startswith("on"), (tag, name, value)
            if name == "id": self.ids.append(value)
            if name == "href": self.links.append(value)
    def handle_endtag(self, tag):
        assert self.open_ and self.open_.pop() == tag, tag
    def handle_comment(self, text): raise AssertionError("comment " + text)
    def handle_data(self, text):
        if self.open_ and self.open_[-1] == "style": assert "url(" not in text and "@import" not in text
judge = Judge()
judge.feed(open(sys.argv[1], encoding="utf-8").read())
judge.close()
assert judge.open_ == [], judge.open_
assert len(set(judge.ids)) == len(judge.ids), judge.ids
assert all(link.startswith("#") and link[1:] in judge.ids for link in judge.links), judge.links
assert not judge.tags & {"script", "link", "img", "iframe", "object", "embed", "base", "form", "svg"}, judge.tags
print("a page")
`;

const judgeJunit = async (text: string): Promise<void> => {
  await host.write("/tmp/judged.xml", text);
  const judged = await host.exec(["xmllint", "--noout", "--nonet", "--relaxng", "/tmp/junit.rng", "/tmp/judged.xml"]);
  expect(judged.stderr.trim()).toBe("/tmp/judged.xml validates");
  expect(judged.status).toBe(0);
};

const judgePage = async (text: string): Promise<void> => {
  await host.write("/tmp/judged.html", text);
  // libxml2 knows the elements of HTML 4; of those that came with HTML 5 it says just that.
  const { stderr } = await host.exec(["xmllint", "--html", "--noout", "--nonet", "/tmp/judged.html"]);
  const errors = stderr.split("\n").filter((line) => /error|warning/.test(line));
  expect(errors.filter((line) => !/Tag (header|main|section|article|footer) invalid/.test(line))).toEqual([]);
  expect(await host.exec(["python3", "/tmp/page.py", "/tmp/judged.html"])).toMatchObject({
    status: 0,
    stdout: "a page\n",
    stderr: "",
  });
};

const html = (view: object): string =>
  templates("verify-report.html", view as Readonly<Record<string, unknown>>, "html");

describe("the judges", () => {
  test("refuse what is wrong", async () => {
    await expect(judgeJunit('<testsuites name="x" tests="1" failures="0" errors="0" time="0"/>')).rejects.toThrow();
    await expect(
      judgeJunit(golden("verify-mixed-junit.xml").replace("<failure", "<script/><failure")),
    ).rejects.toThrow();
    await expect(judgePage(golden("verify-mixed-html.html").replace("</h1>", "</h1></div>"))).rejects.toThrow();
    await expect(judgePage(golden("verify-mixed-html.html").replace("<h1>", "<h1><img src=x>"))).rejects.toThrow();
  });

  test("take the golden files", async () => {
    for (const result of ["mixed", "sound"]) {
      await judgeJunit(golden(`verify-${result}-junit.xml`));
      await judgePage(golden(`verify-${result}-html.html`));
    }
  });

  test("take a report in which every text is hostile", async () => {
    await judgeJunit(verifyReports.junit(hostile));
    await judgePage(
      await verifyReports.html(hostile, {
        text: { color: false, width: 80 },
        limits: "share",
        renderHtml: (_file, view) => Promise.resolve(html(view)),
      }),
    );
  });
});

describe("Dovecot and Postfix", () => {
  const report = async (format: string, ...more: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await host.mailcert(["verify", name, "--format", format, ...more]);
    expect({ format, status, stderr }).toEqual({ format, status: 0, stderr: "" });
    return stdout;
  };

  test("junit and html, read by others; ndjson keeps its schema", async () => {
    const junit = await report("junit");
    await judgeJunit(junit);
    const page = await report("html");
    await judgePage(page);
    const lines = (await report("ndjson")).trimEnd().split("\n");
    const documents = lines.map((line) => JSON.parse(line) as { readonly url?: string });
    expect(documents.flatMap(complaints)).toEqual([]);
    for (const port of ports) {
      expect(junit).toContain(`:${port} `);
      expect(page).toContain(`<th scope="row" role="rowheader">${port} · `);
      expect(documents.some(({ url }) => url?.endsWith(`:${port}`))).toBe(true);
    }
  });

  test("prometheus: where node_exporter of Debian reads it, every entry point, the leaf's own end as openssl has it", async () => {
    const folder = "/var/lib/prometheus/node-exporter";
    const file = `${folder}/mailcert.prom`;
    await host.must(["mkdir", "-p", folder]);
    expect(await report("prometheus", "--output", file)).toBe("");
    expect(await host.must(`stat -c %a ${file}; ls -A ${folder}`)).toBe("644\nmailcert.prom\n");
    const samples = readExposition(await host.read(file));
    const of = (metric: string) => samples.filter((sample) => sample.name === metric);
    expect(new Set(of("mailcert_entry_ok").map(({ labels }) => Number(labels["port"])))).toEqual(new Set(ports));
    expect(of("mailcert_entry_ok").every(({ value }) => value === 1)).toBe(true);
    const end = await host.must(
      `openssl x509 -in /var/lib/mailcert/certificates/${name}/live/ecdsa/cert.pem -noout -enddate | cut -d= -f2 | date -f - +%s`,
    );
    expect(new Set(of("mailcert_cert_not_after_seconds").map(({ value }) => value))).toEqual(new Set([Number(end)]));
  });

  test("nagios: one line, a metric for each port, and the status of what is wrong", async () => {
    const text = await report("nagios");
    expect(text).toMatch(
      /^MAILCERT OK - mail\.example\.org: [^\n|]*\|faults=0;;;0 warnings=0;;;0 time=[\d.]+s;;;0 [^\n|]*\n$/,
    );
    for (const label of ["imaps_993", "imap_143", "pop3s_995", "pop3_110", "smtp_25", "sieve_4190"])
      expect(text).toMatch(new RegExp(` ${label}_days=\\d+(\\.\\d+)?;`));
    await host.must("doveadm stop; while pgrep -x dovecot; do sleep 0.05; done");
    const stopped = await host.mailcert(["verify", `imaps://${name}`, "--format", "nagios"]);
    expect(stopped.status).toBe(2);
    expect(stopped.stdout).toMatch(/^MAILCERT CRITICAL - /);
  });
});

describe("200 targets from a file", () => {
  const run = async (terminal: boolean): Promise<string> => {
    await host.must("seq -f imaps://192.0.2.10:%.0f 2000 2199 >/tmp/targets");
    const line = "mailcert verify --file /tmp/targets --no-color";
    // util-linux's script gives the program a terminal of its own.
    const { stdout, stderr } = await host.exec(
      terminal ? ["env", "TERM=xterm", "script", "-qec", line, "/dev/null"] : `${line} 2>&1`,
    );
    return stdout + stderr;
  };

  test("on a terminal one line says how far it is, and is gone when the report comes", async () => {
    const said = await run(true);
    const progress = /\r(verify: \d+ entry points? looked at)\u001b\[K/;
    expect(said).toMatch(progress);
    // What stays on the screen: each line from its last return on, erased ones empty.
    const screen = said
      .replaceAll("\r\n", "\n")
      .split("\n")
      .map((line) => line.split("\r").at(-1)?.replace("\u001b[K", "") ?? "");
    expect(screen[0]).toMatch(/^192\.0\.2\.10: 1 fault \(200 entry points looked at/);
    expect(screen.join("\n")).not.toMatch(/verify: |\u001b/);
  });

  test("elsewhere nothing but the report", async () => {
    expect(await run(false)).toMatch(/^192\.0\.2\.10: 1 fault \(200 entry points looked at[^\r\u001b]*$/);
  });
});
