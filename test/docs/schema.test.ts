// Every document that --json prints is what docs/schema says: real command lines, and deployments of every outcome in the fake world.
import { randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deployPlanDocument } from "../../src/reports/deploy-plan.ts";
import { Failure } from "../../src/domain/failure.ts";
import { deploymentDocument, hasFault } from "../../src/reports/deployment.ts";
import { logDocument } from "../../src/reports/log.ts";
import { removalDocument } from "../../src/reports/removal.ts";
import { renewDocument } from "../../src/reports/renew.ts";
import { repairDocument } from "../../src/reports/repair.ts";
import { scheduleInstallDocument, scheduleShowDocument } from "../../src/reports/schedule.ts";
import { setupDocument } from "../../src/reports/setup.ts";
import { statusDocument } from "../../src/reports/status.ts";
import { verifyDocument } from "../../src/reports/verify-json.ts";
import { deploy } from "../../src/usecases/deploy.ts";
import type { DeployResult } from "../../src/usecases/deployment.ts";
import { issue } from "../../src/usecases/issue.ts";
import { planDeploy } from "../../src/usecases/plan-deploy.ts";
import { remove } from "../../src/usecases/remove.ts";
import { renew } from "../../src/usecases/renew.ts";
import { rollback } from "../../src/usecases/rollback.ts";
import { setup } from "../../src/usecases/setup.ts";
import { status } from "../../src/usecases/status.ts";
import { verify } from "../../src/usecases/verify.ts";
import { createProfiler } from "../../src/probe/profiler.ts";
import { createProbe } from "../../src/probe/index.ts";
import { mailServer, startServer } from "../fakes/mail-server.ts";
import { makePki, served } from "../fakes/pki.ts";
import { type FakeWorld, certificate, fakeWorld } from "../fakes/world.ts";
import { runMain } from "./run-main.ts";
import { complaints, readSchema, schemaFiles } from "./schemas.ts";
import { timerRun as options } from "../fakes/renew-options.ts";
import { freePort } from "../free-ports.ts";

const src = join(import.meta.dirname, "../../src");

const ok = (document: object): void =>
  expect(complaints(document), JSON.stringify(document, undefined, 1).slice(0, 3000)).toEqual([]);

describe("the schemas", () => {
  it("there is one for every document that the source names, and no other", () => {
    const sources = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) =>
      /^(reports|commands|cli)\/.*\.ts$|^domain\/(hook|news)-document\.ts$/.test(file),
    );
    const named = sources.flatMap(
      (file) => readFileSync(join(src, file), "utf8").match(/"mailcert\.[a-z-]+\/\d+"/g) ?? [],
    );
    const expected = new Set(named.map((text) => `${/\.([a-z-]+)\//.exec(text)?.[1]}.json`));
    expect(schemaFiles.filter((file) => file !== "common.json").toSorted()).toEqual([...expected].toSorted());
  });

  it.each(schemaFiles.filter((file) => file !== "common.json"))(
    "%s names its own document, and takes nothing unknown",
    (file) => {
      const text = JSON.stringify(readSchema(file));
      expect(text).toContain(`"const":"mailcert.${file.replace(/\.json$/, "")}/1"`);
      expect(text).toMatch(/"(additional|unevaluated)Properties":false/);
    },
  );

  it("would notice a field that is not in the contract, and one that is missing", () => {
    expect(complaints({ schema: "mailcert.error/1", error: { kind: "usage", message: "x", hints: [] } })).toEqual([]);
    expect(
      complaints({ schema: "mailcert.error/1", error: { kind: "usage", message: "x", hints: [], stack: "y" } }),
    ).toHaveLength(1);
    expect(complaints({ schema: "mailcert.log/1", ok: true })).toHaveLength(1);
    expect(() => complaints({ schema: "mailcert.nothing/1" })).toThrow("no schema");
    const rolledBack = { schema: "mailcert.rollback/1", ok: true, dryRun: true, certificate: "a", generation: 1 };
    expect(complaints(rolledBack)).toEqual([]);
    expect(complaints({ ...rolledBack, servers: [] })).toHaveLength(1);
  });
});

describe("documents of real command lines", () => {
  let dir: string;
  let closed: number;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "mailcert-schema-"));
    mkdirSync(join(dir, "etc"));
    closed = await freePort();
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  // The machine's own mail servers and scheduler are left alone.
  const alone = ["--server", "none", "--schedule", "none"];

  const steps: readonly { readonly line: () => readonly string[]; readonly schema: string; readonly status: number }[] =
    [
      { line: () => ["renew"], schema: "error", status: 78 },
      { line: () => ["setup", "mail example"], schema: "error", status: 64 },
      { line: () => ["setup", "mail.example.org", ...alone, "--dry-run"], schema: "setup", status: 0 },
      {
        line: () => ["setup", "mail.example.org", ...alone, "--bundle", join(dir, "kept")],
        schema: "setup",
        status: 0,
      },
      { line: () => ["issue", "mail.example.org"], schema: "issue", status: 0 },
      { line: () => ["issue", "mail.example.org", "--dry-run"], schema: "issue", status: 0 },
      {
        line: () => ["issue", "mail.example.org", "--out", join(dir, "out"), "--key", "ecdsa,rsa"],
        schema: "issue",
        status: 0,
      },
      { line: () => ["issue", "www.example.com"], schema: "error", status: 64 },
      { line: () => ["deploy", "--dry-run"], schema: "deploy", status: 0 },
      { line: () => ["deploy"], schema: "deploy", status: 0 },
      { line: () => ["rollback", "mail.example.org", "--dry-run"], schema: "rollback", status: 0 },
      { line: () => ["rollback", "mail.example.org"], schema: "rollback", status: 0 },
      { line: () => ["renew"], schema: "renew", status: 0 },
      { line: () => ["renew", "--new-key"], schema: "error", status: 64 },
      { line: () => ["renew", "--force", "--new-key"], schema: "renew", status: 0 },
      { line: () => ["renew", "--dry-run", "--force"], schema: "renew", status: 0 },
      { line: () => ["status"], schema: "status", status: 0 },
      { line: () => ["log"], schema: "log", status: 0 },
      { line: () => ["config", "check"], schema: "config-check", status: 0 },
      { line: () => ["config", "show"], schema: "config", status: 0 },
      { line: () => ["snippet", "dovecot", "--server-version", "2.4"], schema: "snippet", status: 0 },
      { line: () => ["snippet", "postfix", "--server-version", "3.10"], schema: "snippet", status: 0 },
      { line: () => ["snippet", "sendmail"], schema: "error", status: 64 },
      { line: () => ["completion", "bash"], schema: "completion", status: 0 },
      { line: () => ["completion", "tcsh"], schema: "error", status: 64 },
      { line: () => ["bundle", "--out", join(dir, "bundle"), "--dry-run"], schema: "bundle", status: 0 },
      { line: () => ["bundle", "--out", join(dir, "bundle")], schema: "bundle", status: 0 },
      { line: () => ["bundle", "--out", join(dir, "bundle")], schema: "bundle", status: 0 },
      {
        line: () => ["bundle", "--out", join(dir, "bundle"), "--sign-profile", "live"],
        schema: "bundle",
        status: 0,
      },
      { line: () => ["bundle", "--explain"], schema: "bundle-explain", status: 0 },
      { line: () => ["bundle", "--explain", "--out", join(dir, "bundle")], schema: "error", status: 64 },
      { line: () => ["import", "lego", join(dir, "nothing")], schema: "error", status: 65 },
      { line: () => ["schedule", "remove", "--dry-run"], schema: "schedule", status: 0 },
      {
        line: () => ["verify", `imaps://mail.example.org:${closed}`, "--address", "127.0.0.1"],
        schema: "verify",
        status: 1,
      },
      { line: () => ["deploy", "--remove", "--dry-run"], schema: "remove", status: 0 },
      { line: () => ["deploy", "--remove"], schema: "remove", status: 0 },
    ];

  it.each(steps.map((step, index) => ({ ...step, title: `${index} ${step.schema}` })))(
    "$title",
    async ({ line, schema, status: expected }) => {
      const ran = await runMain(dir, ...line(), "--json");
      expect({ status: ran.status, stderr: expected < 2 ? ran.stderr : "" }, ran.stdout).toEqual({
        status: expected,
        stderr: "",
      });
      const document = JSON.parse(ran.stdout) as { schema: string };
      expect(document.schema).toBe(`mailcert.${schema}/1`);
      ok(document);
    },
  );

  it("doctor, whatever it finds on this machine", async () => {
    const ran = await runMain(dir, "doctor", "--json");
    expect([0, 1], ran.stderr).toContain(ran.status);
    const document = JSON.parse(ran.stdout) as { schema: string; looks: readonly { id: string }[] };
    expect(document.schema).toBe("mailcert.doctor/1");
    expect(document.looks.map(({ id }) => id)).toContain("rights");
    ok(document);
  });

  it("a configuration with every setting, and one with problems", async () => {
    const file = join(dir, "full.yaml");
    const text = `schema: 1
certificates:
  mail.example.org:
    names: [mail.example.org, "*.example.org", 192.0.2.1]
    issuer: private-ca
    ca: second
    ca_domains: [example.org]
    days: 90
    key: [ecdsa-p384, rsa-4096]
    servers: [dovecot, postfix]
    bundle: /srv/www/mail
    sign_profile: live
  mx.example.org:
    issuer: acme
    acme: https://ca.example/directory
    email: postmaster@example.org
    agree_tos: true
    ca_file: /etc/ssl/ca.pem
    http_address: "[2001:db8::1]:80"
    servers: none
  pop.example.org:
    issuer: letsencrypt
    agree_tos: true
`;
    writeFileSync(file, text);
    const shown = await runMain(dir, "config", "show", file, "--json");
    expect(shown).toMatchObject({ status: 0, stderr: "" });
    ok(JSON.parse(shown.stdout) as object);
    writeFileSync(file, text.replace("issuer: letsencrypt", "isuer: letsencrypt").replace("days: 90", "days: many"));
    const checked = await runMain(dir, "config", "check", file, "--json");
    expect(checked.status).toBe(78);
    const document = JSON.parse(checked.stdout) as { problems: readonly object[] };
    expect(document.problems.length).toBeGreaterThanOrEqual(2);
    ok(document);
    ok(JSON.parse((await runMain(dir, "config", "show", file, "--json")).stdout) as object);
  });
});

describe("documents of deployments", () => {
  let fake: FakeWorld;
  beforeAll(() => {
    fake = fakeWorld();
  });
  afterAll(() => fake.dispose());

  const deployed = (results: readonly DeployResult[]): void =>
    ok({ schema: "mailcert.deploy/1", ok: !results.some(hasFault), certificates: results.map(deploymentDocument) });
  const overall = async (one: FakeWorld): Promise<void> => {
    ok(statusDocument(await status(one.world, [])));
    const next = "2026-11-20T13:00:00.000Z";
    for (const hourly of [
      { renews: true, kind: "systemd", next, failed: 78 },
      { renews: false, kind: "cron", problem: "cron is not running" },
    ] as const) {
      ok(statusDocument(await status(one.world, []), hourly));
    }
    ok(logDocument(await one.world.store.events()));
  };

  it("verified, with a server that is changed and reloaded", async () => {
    await issue(fake.world, certificate());
    ok(deployPlanDocument([await planDeploy(fake.world, certificate())]));
    const result = await deploy(fake.world, certificate(), options);
    expect(result.outcome).toBe("verified");
    deployed([result]);
    await overall(fake);
  });

  it("stale, then waiting for the next attempt", async () => {
    fake.server.deaf = true;
    const stale = await renew(fake.world, [certificate()], { ...options, force: true });
    expect(stale.certificates[0]?.deployed?.entries[0]?.verdict).toBe("stale");
    ok(renewDocument(stale));
    const [one] = stale.certificates;
    const noted = one?.issued && { ...one, issued: { ...one.issued, notes: ["the CA's default was taken"] } };
    ok(renewDocument({ ...stale, certificates: noted ? [noted] : [] }));
    await overall(fake);
    for (let count = 0; count < 4; count += 1) await renew(fake.world, [certificate()], options);
    const waiting = await renew(fake.world, [certificate()], options);
    expect(waiting).toMatchObject({ outcome: "waiting", certificates: [{ decision: { action: "wait" } }] });
    ok(renewDocument(waiting));
    await overall(fake);
    fake.server.deaf = false;
  });

  it("rolled back, by itself and by hand", async () => {
    const one = fakeWorld();
    await issue(one.world, certificate());
    await deploy(one.world, certificate(), options);
    one.server.breaks = true;
    const result = await renew(one.world, [certificate()], { ...options, force: true });
    expect(result.certificates[0]?.deployed?.outcome).toBe("rolled-back");
    ok(renewDocument(result));
    await overall(one);
    one.server.breaks = false;
    await renew(one.world, [certificate()], { ...options, force: true });
    const back = await rollback(one.world, certificate(), options);
    ok({ schema: "mailcert.rollback/1", ok: !hasFault(back), ...deploymentDocument(back) });
    ok(removalDocument(await remove(one.world, ["mail.example.org"], { dryRun: true })));
    const removed = await remove(one.world, ["mail.example.org"], { dryRun: false });
    expect(removed.flatMap(({ reverted, kept }) => [...reverted, ...kept]).length).toBeGreaterThan(0);
    ok(removalDocument(removed));
    await overall(one);
    one.dispose();
  });

  it("deploy --repair, with nothing to do and with a server that was mended", () => {
    ok(repairDocument({ findings: [], attempts: [] }));
    const message = "dovecot is 2.4.1 now";
    ok(
      repairDocument({
        findings: [{ check: "deploy-repaired", severity: "warning", message, hint: "mailcert status" }],
        attempts: [{ certificate: "mail.example.org", failure: new Failure("unavailable", "no", { hints: ["look"] }) }],
      }),
    );
  });

  it("copies, in the log", async () => {
    const one = fakeWorld();
    const file = { path: "/srv/key.pem", from: "/live/rsa/privkey.pem", mode: 0o640, uid: 0, gid: 4 };
    const files = [{ ...file, kept: "/srv/key.pem.before-mailcert" }, file];
    const change = { kind: "copies", files, reload: ["systemctl", "reload", "app"] } as const;
    const placed = { server: "files", installation: "files/mail.example.org/app", change };
    const event = { at: "2026-11-20T12:00:00.000Z", run: "run-1", command: "mailcert deploy", what: "copied" };
    await one.world.store.record({ ...event, certificate: "mail.example.org", change: placed });
    ok(logDocument(await one.world.store.events()));
    one.dispose();
  });

  it("not running, refused by its own test, with a setting elsewhere that wins", async () => {
    const one = fakeWorld();
    await issue(one.world, certificate());
    one.server.running = false;
    deployed([await deploy(one.world, certificate(), options)]);
    one.server.running = true;
    one.server.complaint = "fake.conf line 3: nonsense";
    deployed([await deploy(one.world, certificate(), options)]);
    one.server.complaint = undefined;
    const edit = { kind: "line", path: "/etc/fake/local.conf", line: 7, before: "a", after: "# a" } as const;
    one.server.overrides = [
      { scope: "protocol imap", path: "/etc/fake/local.conf", line: 7, setting: "a", edit: [edit] },
    ];
    const result = await deploy(one.world, certificate(), options);
    expect(result.findings.map(({ check }) => check)).toContain("deploy-override");
    deployed([result]);
    await overall(one);
    one.dispose();
  });

  it("a certificate that cannot be issued", async () => {
    const one = fakeWorld();
    const refusing = {
      ...one.world,
      issuer: async () => ({ refuses: () => "not this one", issue: () => Promise.reject(new Error("never")) }),
    };
    const result = await renew(refusing, [certificate()], options);
    expect(result.outcome).toBe("fault");
    ok(renewDocument(result));
    one.dispose();
  });

  it("setup with a server, and a schedule that was installed", async () => {
    const one = fakeWorld();
    const result = await setup(one.world, certificate(), { ...options, issuerGiven: true });
    const schedule = {
      kind: "systemd",
      change: "installed",
      dryRun: false,
      files: [{ path: "/etc/systemd/system/mailcert.timer", state: "current" }],
      firstRun: { at: "2026-11-20T12:00:00.000Z", status: 1, ok: false, output: "it failed" },
      next: "2026-11-20T13:00:00.000Z",
      removed: ["/etc/cron.d/mailcert"],
      note: "a note",
    } as const;
    ok(setupDocument(result, { schedule, failures: [] }));
    ok(scheduleInstallDocument(schedule));
    const { firstRun: last, next, files } = schedule;
    ok(
      scheduleShowDocument([
        { kind: "systemd", files, active: true, last, next },
        { kind: "cron", files: [], active: false, problem: "cron is not installed" },
        { kind: "cron", files: [], active: false, problem: "that of", instead: { config: "/c.yaml", state: "/s" } },
      ]),
    );
    one.dispose();
  });
});

describe("documents of verify", () => {
  it("an entry point that is as it should be, one that is not, one without TLS", async () => {
    const pki = await makePki();
    const implicit = await startServer(mailServer("imap", "implicit"), served(pki.leaf, pki.intermediate));
    const starttls = await startServer(mailServer("smtp", "starttls"), served(pki.leaf));
    const host = "mail.example.org";
    const now = (): Date => new Date();
    const result = await verify(
      {
        now,
        probe: createProbe({ now }),
        resolve: async () => ["127.0.0.1"],
        profile: createProfiler({ random: randomBytes }),
      },
      {
        full: true,
        wanted: [
          { protocol: "imap", mode: "implicit", host, port: implicit.port, demanded: true },
          { protocol: "smtp", mode: "starttls", host, port: starttls.port, demanded: true },
          { protocol: "pop3", mode: "implicit", host, port: await freePort(), demanded: false },
        ],
        anchors: [pki.root.pem],
      },
    );
    await Promise.all([implicit.close(), starttls.close()]);
    const document = verifyDocument(result) as { entries: readonly { ok: boolean; leaf?: object; tls?: object }[] };
    expect(document.entries[0]).toMatchObject({
      ok: true,
      label: "SSL/TLS",
      leaf: { names: [host] },
      profile: { versions: { SSLv3: false, "TLSv1.3": true }, tls12: { extendedMasterSecret: true } },
    });
    ok(document);
  });
});
