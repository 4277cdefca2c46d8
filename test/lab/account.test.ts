// `mailcert account` against Pebble: registered, asked about, changed, deactivated; and a key rollover that is killed at every step.
import { type ChildProcess, spawn } from "node:child_process";
import { createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { storeAccountKey } from "../../src/issuers/acme/account-store.ts";
import { complaints } from "../docs/schemas.ts";
import { runMain } from "../docs/run-main.ts";
import { type AcmeProxy, type Seen, startAcmeProxy } from "../fakes/acme-proxy.ts";
import { issuerOnLoopback } from "./acme-issuer.ts";
import { type Pebble, startPebble } from "./pebble.ts";

const program = fileURLToPath(new URL("../../bin/mailcert.js", import.meta.url));
const hmac = "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W";
let folder = "";
let pebble: Pebble;
let strict: Pebble;
let proxy: AcmeProxy;
let dir = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mailcert-account-"));
  pebble = await startPebble();
  strict = await startPebble({ externalAccountBinding: { "kid-1": hmac } });
  proxy = await startAcmeProxy(pebble);
});
afterAll(async () => {
  await proxy.stop();
  await pebble.stop();
  await strict.stop();
  await rm(folder, { recursive: true, force: true });
});
beforeEach(async () => {
  dir = await mkdtemp(join(folder, "case-"));
  await mkdir(join(dir, "etc"));
  await writeFile(join(dir, "etc/mailcert.yaml"), "certificates:\n  private.example.org:\n    issuer: private-ca\n");
  proxy.script = () => undefined;
});

interface Shown {
  readonly registered?: { readonly url: string; readonly email?: string; readonly deactivatedAt?: string };
  readonly folder: string;
  readonly inUse: boolean;
  readonly unfinishedRollover: boolean;
  readonly caa: readonly string[];
  readonly certificates: readonly string[];
  readonly live?: { readonly status: string; readonly contact: readonly string[] };
  readonly trouble?: { readonly message: string };
}

interface Answer {
  readonly status: number;
  readonly stderr: string;
  readonly document: {
    readonly outcome?: string;
    readonly account?: Shown;
    readonly accounts?: readonly Shown[];
    readonly notes?: readonly string[];
    readonly error?: { readonly kind: string; readonly message: string; readonly hints: readonly string[] };
  };
}

/** One command line with --json; every document is held against its schema. */
const account = async (action: string, ...line: readonly string[]): Promise<Answer> => {
  const ran = await runMain(dir, "account", action, ...line, "--json");
  expect(ran.stdout + ran.stderr).not.toContain("PRIVATE KEY");
  const document = JSON.parse(ran.stdout) as Answer["document"];
  expect(complaints(document), ran.stdout).toEqual([]);
  return { status: ran.status, stderr: ran.stderr, document };
};

const at = (place: { directoryUrl: string; caFile: string }): readonly string[] => [
  "--acme",
  place.directoryUrl,
  "--ca-file",
  place.caFile,
];
const throughProxy = (): readonly string[] => ["--acme", proxy.directory, "--ca-file", proxy.caFile];

const publicKeyIn = async (path: string): Promise<string> =>
  createPublicKey(await readFile(path, "utf8"))
    .export({ type: "spki", format: "der" })
    .toString("hex");

describe("account", () => {
  test("registered once, shown, asked about, its contact changed and taken away", async () => {
    const refused = await account("register", ...at(pebble));
    expect(refused.document.error?.message).toContain("terms of service are not agreed to");
    const planned = await account("register", ...at(pebble), "--dry-run");
    expect(planned.document).toMatchObject({ outcome: "planned", notes: [expect.stringContaining("--agree-tos")] });
    expect((await account("show")).document.accounts).toEqual([]);

    const made = await account("register", ...at(pebble), "--agree-tos", "--email", "admin@mail.example.org");
    expect(made).toMatchObject({ status: 0, document: { outcome: "registered" } });
    const url = made.document.account?.registered?.url ?? "";
    expect(url).toContain("/my-account/");
    const again = await account("register", ...at(pebble), "--agree-tos", "--email", "other@mail.example.org");
    expect(again.document).toMatchObject({ outcome: "present", account: { registered: { url } } });
    expect(again.document.notes?.[0]).toContain("mailcert account update --email other@mail.example.org");

    const asked = await account("show", "--check", ...at(pebble));
    expect(asked).toMatchObject({
      status: 0,
      document: {
        accounts: [{ inUse: true, live: { status: "valid", contact: ["mailto:admin@mail.example.org"] } }],
      },
    });
    // The only CA that is known here needs no name; its own HTTPS still needs its trust.
    const changed = await account("update", "--email", "new@mail.example.org", "--ca-file", pebble.caFile);
    expect(changed.document).toMatchObject({ outcome: "updated", account: { registered: { url } } });
    expect((await account("show", "--check", ...at(pebble))).document.accounts?.[0]?.live?.contact).toEqual([
      "mailto:new@mail.example.org",
    ]);
    expect((await account("update", "--no-email", ...at(pebble))).status).toBe(0);
    const bare = (await account("show", "--check", ...at(pebble))).document.accounts?.[0];
    expect(bare?.live?.contact).toEqual([]);
    expect(bare?.registered).not.toHaveProperty("email");
    expect((await account("update", ...at(pebble))).document.error?.kind).toBe("usage");
    const log = await runMain(dir, "log");
    expect(log.stdout).toContain(`registered the account ${url}`);
    expect(log.stdout).toContain("changed the contact of the account");
  });

  test("external account binding, from a file that only root can read", async () => {
    const without = await account("register", ...at(strict), "--agree-tos");
    expect(without.document.error?.message).toContain("external account binding");
    await writeFile(join(dir, "hmac"), hmac, { mode: 0o600 });
    const binding = ["--eab-kid", "kid-1", "--eab-hmac-file", join(dir, "hmac")];
    const made = await account("register", ...at(strict), "--agree-tos", ...binding);
    expect(made.document.outcome).toBe("registered");
    expect(JSON.stringify(made)).not.toContain(hmac);
  });

  test("deactivated: asked about, for good, the key kept; orders say so, and register makes a new one", async () => {
    const made = await account("register", ...at(pebble), "--agree-tos");
    const { url = "" } = made.document.account?.registered ?? {};
    const where = made.document.account?.folder ?? "";
    const alone = await account("deactivate", ...at(pebble));
    expect(alone).toMatchObject({ status: 64, document: { error: { kind: "usage" } } });
    expect((await account("deactivate", ...at(pebble), "--dry-run")).document.outcome).toBe("planned");
    expect((await account("show", "--check", ...at(pebble))).document.accounts?.[0]?.live?.status).toBe("valid");

    const key = await readFile(join(where, "key.pem"), "utf8");
    expect((await account("deactivate", ...at(pebble), "--yes")).document.outcome).toBe("deactivated");
    expect(await readFile(join(where, "key.pem"), "utf8")).toBe(key);
    const issue = issuerOnLoopback(pebble, join(dir, "state"));
    const failure = (await issue(["mail.example.org"]).catch((error: unknown) => error)) as Error & {
      hints: readonly string[];
    };
    expect(failure.message).toContain(`the account ${url} was deactivated on `);
    expect(failure.hints[0]).toContain(`mailcert account register --acme ${pebble.directoryUrl} --agree-tos`);
    expect((await account("rollover", ...at(pebble))).document.error?.message).toContain(
      "no account that could be used",
    );

    const fresh = await account("register", ...at(pebble), "--agree-tos");
    expect(fresh.document.account?.registered?.url).not.toBe(url);
    expect(fresh.document.account?.folder).not.toBe(where);
    expect((await issue(["mail.example.org"])).account).toBe(fresh.document.account?.registered?.url);
    const shown = (await account("show")).document.accounts ?? [];
    expect(shown.map(({ inUse }) => inUse)).toEqual([true, false]);
    expect(shown[1]?.registered?.deactivatedAt).toMatch(/^\d{4}-/);
  });

  test("one that the CA has deactivated already: deactivate writes it down, register replaces it", async () => {
    const made = await account("register", ...at(pebble), "--agree-tos");
    const { url = "" } = made.document.account?.registered ?? {};
    const record = join(made.document.account?.folder ?? "", "account.json");
    const before = await readFile(record, "utf8");
    await account("deactivate", ...at(pebble), "--yes");
    // As a run leaves it that was killed before it could write it down.
    await writeFile(record, before);
    const shown = await account("show", "--check", ...at(pebble));
    expect(shown).toMatchObject({ status: 1, document: { accounts: [{ trouble: { message: expect.any(String) } }] } });
    expect((await account("deactivate", ...at(pebble), "--yes")).document.outcome).toBe("deactivated");
    await writeFile(record, before);
    const fresh = await account("register", ...at(pebble), "--agree-tos");
    expect(fresh.document).toMatchObject({ outcome: "registered", notes: [expect.stringContaining(url)] });
  });

  test("a key that is not the account's, as from another backup: said, and what to do; nothing is changed", async () => {
    const made = await account("register", ...at(pebble), "--agree-tos");
    const where = made.document.account?.folder ?? "";
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
    await writeFile(join(where, "key.pem"), other.export({ type: "pkcs8", format: "pem" }));
    const shown = await account("show", "--check", ...at(pebble));
    expect(shown.document.accounts?.[0]?.trouble?.message).toContain(`does not take ${where}/key.pem`);
    for (const action of ["update", "deactivate", "register"]) {
      const { status, document } = await account(
        action,
        ...at(pebble),
        "--yes",
        ...(action === "update" ? ["--no-email"] : []),
      );
      expect(status).toBe(78);
      expect(document.error?.hints[0]).toContain("from a backup");
    }
    // Nor does a rollover leave a new key that nothing can go on with.
    const rollover = await account("rollover", ...at(pebble));
    expect(rollover.status).toBe(78);
    expect(rollover.document.error?.hints).toContainEqual(
      expect.stringContaining(`then: mailcert account register --acme ${pebble.directoryUrl} --agree-tos`),
    );
    expect((await account("show")).document.accounts).toMatchObject([{ inUse: true, unfinishedRollover: false }]);
  });

  test("who uses it, and the CAA records that name it, by the configuration", async () => {
    await writeFile(
      join(dir, "etc/mailcert.yaml"),
      `certificates:
  mail.example.org:
    names: [mail.example.org, "*.example.org"]
    issuer: acme
    acme: ${pebble.directoryUrl}
    ca_file: ${pebble.caFile}
    agree_tos: true
    challenge: [dns-01]
    dns: zone
    email: a@mail.example.org
  private.example.org:
    issuer: private-ca
`,
    );
    const made = await account("register", "mail.example.org");
    const { url = "" } = made.document.account?.registered ?? {};
    expect(made.document.account?.certificates).toEqual(["mail.example.org"]);
    // What CAA records call a CA without a short name, it says itself.
    expect(made.document.account?.caa).toEqual([]);
    expect((await account("show", "mail.example.org", "--check")).document.accounts?.[0]?.caa).toEqual([
      `mail.example.org. IN CAA 0 issue "pebble.letsencrypt.org; accounturi=${url}"`,
      `example.org. IN CAA 0 issue "pebble.letsencrypt.org; accounturi=${url}"`,
    ]);
    const moved = await account("update", "--email", "b@mail.example.org");
    expect(moved.document.notes?.[0]).toContain("its next order puts that one back");
    expect((await account("show", "private.example.org")).document.error?.message).toContain("has no accounts");
    expect((await account("show", "mail.example.org")).document.accounts?.[0]?.registered?.url).toBe(url);
  });
});

describe("account rollover", () => {
  test("a new key, the same URL; orders go on with it", async () => {
    const issue = issuerOnLoopback(pebble, join(dir, "state"));
    const before = await issue(["mail.example.org"]);
    const { folder: where = "", registered } = (await account("show")).document.accounts?.[0] ?? {};
    expect(registered?.url).toBe(before.account);
    const old = await publicKeyIn(join(where, "key.pem"));
    const rolled = await account("rollover", ...at(pebble));
    expect(rolled).toMatchObject({ status: 0, document: { outcome: "rolled-over" } });
    expect(await publicKeyIn(join(where, "key.pem"))).not.toBe(old);
    expect((await readdir(where)).filter((name) => name.startsWith("key"))).toEqual(["key.pem"]);
    expect((await stat(join(where, "key.pem"))).mode & 0o777).toBe(0o600);
    expect((await issue(["mail.example.org"])).account).toBe(before.account);
    expect((await account("show", "--check", ...at(pebble))).document.accounts?.[0]?.live?.status).toBe("valid");
  });

  test("from an RSA key, such as certbot's, to one of ours", async () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    const { folder: where } = await storeAccountKey(join(dir, "state"), pebble.directoryUrl, rsa);
    expect((await account("show")).document.accounts).toMatchObject([{ folder: where, inUse: true }]);
    const made = await account("register", ...at(pebble), "--agree-tos");
    expect(made.document.account?.folder).toBe(where);
    expect((await account("rollover", ...at(pebble))).document.outcome).toBe("rolled-over");
    expect(createPublicKey(await readFile(join(where, "key.pem"), "utf8")).asymmetricKeyType).toBe("ec");
    const asked = await account("show", "--check", ...at(pebble));
    expect(asked.document.accounts).toMatchObject([
      { registered: { url: made.document.account?.registered?.url }, live: { status: "valid" } },
    ]);
  });

  test("refused by the CA: the old key stays, and the new one is put aside", async () => {
    await account("register", ...throughProxy(), "--agree-tos");
    const { folder: where = "" } = (await account("show")).document.accounts?.[0] ?? {};
    proxy.script = ({ path }) =>
      path.startsWith("/rollover")
        ? {
            reply: {
              status: 400,
              headers: { "content-type": "application/problem+json" },
              body: JSON.stringify({ type: "urn:ietf:params:acme:error:badPublicKey", detail: "not this one" }),
            },
          }
        : undefined;
    const refused = await account("rollover", ...throughProxy());
    expect(refused.document.error?.message).toContain("would not take a new account key, and the old one stays");
    expect((await readdir(where)).filter((name) => name.startsWith("key")).toSorted()).toEqual([
      "key.pem",
      expect.stringMatching(/^key\.refused-\d{8}T\d{6}Z\.pem$/),
    ]);
    proxy.script = () => undefined;
    expect((await account("show", "--check", ...throughProxy())).status).toBe(0);
  });

  test("the reply is lost: asked again, the CA refuses the old key, and the new one is in place", async () => {
    await account("register", ...throughProxy(), "--agree-tos");
    let lost = 0;
    proxy.script = ({ path }) => {
      if (!path.startsWith("/rollover") || lost > 0) return undefined;
      lost += 1;
      return { swallow: true };
    };
    expect((await account("rollover", ...throughProxy())).document.outcome).toBe("rolled-over");
    expect(lost).toBe(1);
    expect((await account("show", "--check", ...throughProxy())).status).toBe(0);
  });

  /** The program as a process of its own, so that it can be killed. */
  const rollover = (): ChildProcess =>
    spawn(process.execPath, [program, "--state", join(dir, "state"), "account", "rollover", ...throughProxy()], {
      stdio: "ignore",
      env: { PATH: process.env["PATH"], MAILCERT_CONFIG: "/nonexistent/none.yaml" },
    });

  const instants: readonly (readonly [string, (request: Seen) => boolean])[] = [
    ["the directory is read", ({ resource }) => resource === "directory"],
    ["a nonce is asked for", ({ resource }) => resource === "nonce"],
    ["the key is changed", ({ path }) => path.startsWith("/rollover")],
    ["the CA is asked to confirm", ({ path }) => path.startsWith("/sign-me-up")],
  ];
  const cases = instants.flatMap(([what, when]) => [true, false].map((heard) => [what, heard, when] as const));

  test.each(cases)("killed when %s (heard by the CA: %s): what comes next finds out", async (what, heard, when) => {
    const confirming = what === "the CA is asked to confirm";
    const made = await account("register", ...throughProxy(), "--agree-tos");
    const { folder: where = "", registered } = made.document.account ?? {};
    const old = await publicKeyIn(join(where, "key.pem"));
    const child = rollover();
    const ended = new Promise<NodeJS.Signals | null>((resolve) => {
      child.once("close", (_status, signal) => resolve(signal));
    });
    let killed = false;
    proxy.script = (request) => {
      if (killed || !when(request)) return undefined;
      killed = true;
      child.kill("SIGKILL");
      return heard ? { swallow: true } : { hang: true };
    };
    expect(await ended).toBe("SIGKILL");
    // What the CA was to hear it may hear later than that.
    if (heard) await expect.poll(() => proxy.seen.at(-1)?.answered, { timeout: 10_000 }).toBeDefined();
    proxy.script = () => undefined;
    const left = (await readdir(where)).filter((name) => name.startsWith("key")).toSorted();
    // The old key is there until the CA has confirmed the new one.
    expect(await publicKeyIn(join(where, "key.pem"))).toBe(old);
    const begun = left.includes("key.next.pem");
    const next = begun ? await publicKeyIn(join(where, "key.next.pem")) : undefined;
    expect((await account("show")).document.accounts?.[0]?.unfinishedRollover).toBe(begun);
    if (begun) expect((await stat(join(where, "key.next.pem"))).mode & 0o777).toBe(0o600);

    // Asking needs no lock and changes nothing here; the same account every time.
    const asked = await account("show", "--check", ...throughProxy());
    expect(asked).toMatchObject({ status: 0, document: { accounts: [{ live: { status: "valid" } }] } });
    expect((await readdir(where)).filter((name) => name.startsWith("key")).toSorted()).toEqual(left);
    // Any use of the account recovers.
    const taken = confirming || (heard && what === "the key is changed");
    expect(begun).toBe(taken || what !== "the directory is read");
    expect((await account("update", "--email", "x@mail.example.org", ...throughProxy())).status).toBe(0);
    expect(await publicKeyIn(join(where, "key.pem"))).toBe(taken ? next : old);
    const finished = await account("rollover", ...throughProxy());
    expect(finished).toMatchObject({ status: 0, document: { account: { registered: { url: registered?.url } } } });
    const now = await publicKeyIn(join(where, "key.pem"));
    expect(now).not.toBe(old);
    // A new key that the CA had not taken is used, not thrown away: no request of the killed run can come late and lock us out.
    if (begun && !taken) expect(now).toBe(next);
    expect((await readdir(where)).filter((name) => name.startsWith("key"))).toEqual(["key.pem"]);
    expect((await account("show", "--check", ...throughProxy())).status).toBe(0);
  });

  test("a rollover that the CA had heard is finished by the next one, without another key", async () => {
    const made = await account("register", ...throughProxy(), "--agree-tos");
    const { folder: where = "" } = made.document.account ?? {};
    proxy.script = ({ path }) => (path.startsWith("/sign-me-up") ? { reply: { status: 500, body: "" } } : undefined);
    expect((await account("rollover", ...throughProxy())).status).toBe(69);
    const next = await publicKeyIn(join(where, "key.next.pem"));
    proxy.script = () => undefined;
    expect((await account("rollover", ...throughProxy())).document.outcome).toBe("finished");
    expect(await publicKeyIn(join(where, "key.pem"))).toBe(next);
    expect((await readdir(where)).filter((name) => name.startsWith("key"))).toEqual(["key.pem"]);
  });
});
