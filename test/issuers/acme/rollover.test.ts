// Key rollover at a CA in memory: which URL it calls the account by does not matter, and no key is lost that it may have taken.
import { type KeyObject, createPublicKey, generateKeyPairSync } from "node:crypto";
import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findAccount } from "../../../src/issuers/acme/account-store.ts";
import { adoptAccount } from "../../../src/issuers/acme/adopt-account.ts";
import type { Asking } from "../../../src/issuers/acme/ask-ca.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import { type RegisteredAccount, rollOver, withKnownKey } from "../../../src/issuers/acme/rollover.ts";
import type { Transport } from "../../../src/issuers/acme/transport.ts";
import { usualAcme } from "../../fakes/settings.ts";

const base = "https://acme-v02.ca.example.org";
const directoryUrl = `${base}/directory`;
const document = {
  newNonce: `${base}/n`,
  newAccount: `${base}/new-acct`,
  newOrder: `${base}/o`,
  keyChange: `${base}/k`,
};

interface Jws {
  readonly protected: string;
  readonly payload: string;
}
interface Read {
  readonly jwk?: { readonly x: string };
  readonly kid?: string;
  readonly protected?: string;
}

const read = (text: string): Read => JSON.parse(Buffer.from(text, "base64url").toString() || "{}") as Read;
const coordinate = (key: KeyObject): string => String(key.export({ format: "jwk" })["x"]);
const problem = (type: string, status: number): ProblemError =>
  new ProblemError(readProblem({ type: `urn:ietf:params:acme:error:${type}`, detail: "no" }, status), base);

let state = "";
let now = new Date("2026-11-21T09:44:19.123Z");
/** The key that the CA has, the one that a server of its which lags behind knows, and what it says to a change. */
let ca: { key: string; said?: string | undefined; change: (next: string) => void };

const transport = {
  nonce: () => "nonce",
  sent: () => 0,
  request: async (url: string, _method: string, { data }: { data: Jws }) => {
    const head = read(data.protected);
    if (url === document.newAccount) {
      if (head.jwk?.x !== (ca.said ?? ca.key)) throw problem("accountDoesNotExist", 400);
      return { status: 200, headers: { location: `${base}/acct/123` }, data: { status: "valid" } };
    }
    if (url !== document.keyChange) throw new Error(url);
    ca.change(read(read(data.payload).protected ?? "").jwk?.x ?? "");
    return { status: 200, headers: {}, data: {} };
  },
} as unknown as Transport;

const asking = (): Asking => ({
  settings: { ...usualAcme, kind: "acme", directory: directoryUrl, agreeTos: true, httpAddress: ":80" },
  directory: { keyChange: document.keyChange, document } as unknown as Asking["directory"],
  transport,
  now: () => now,
});

const stored = async (): Promise<RegisteredAccount> => {
  const account = await findAccount(state, directoryUrl);
  if (account?.record === undefined) throw new Error("no account");
  return { ...account, record: account.record };
};

/** Names of the files with keys, and the public key in key.pem. */
const files = async (): Promise<readonly string[]> =>
  (await readdir((await stored()).folder)).filter((name) => name.startsWith("key")).toSorted();
const inUse = async (): Promise<string> =>
  coordinate(createPublicKey(await readFile(join((await stored()).folder, "key.pem"), "utf8")));

let old = "";
beforeEach(async () => {
  state = await mkdtemp(join(tmpdir(), "mailcert-rollover-"));
  now = new Date("2026-11-21T09:44:19.123Z");
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  old = coordinate(createPublicKey(privateKey));
  ca = { key: old, change: (next) => void (ca.key = next) };
  await adoptAccount(
    state,
    {
      directory: directoryUrl,
      // As another client wrote it down; the CA calls it /acct/123.
      url: "https://acme-v01.ca.example.org/acme/reg/123",
      key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    },
    now,
  );
});
afterEach(() => rm(state, { recursive: true, force: true }));

describe("an account that the CA calls by another URL", () => {
  test("gets a new key, and goes on with it", async () => {
    expect(await rollOver(await stored(), asking())).toBe("rolled-over");
    expect([await inUse(), await files()]).toEqual([ca.key, ["key.pem"]]);
    expect(ca.key).not.toBe(old);
    await withKnownKey(await stored(), asking());
  });

  test.each([
    ["taken", true],
    ["not taken", false],
  ])("and a run that ended before the reply came: %s", async (_what, taken) => {
    ca.change = (next) => {
      if (taken) ca.key = next;
      throw new Error("killed");
    };
    await expect(rollOver(await stored(), asking())).rejects.toThrow("killed");
    expect(await files()).toEqual(["key.next.pem", "key.pem"]);
    await withKnownKey(await stored(), asking());
    expect(await inUse()).toBe(ca.key);
    expect(await files()).toEqual(taken ? ["key.pem"] : ["key.next.pem", "key.pem"]);
  });
});

describe("a new key that the CA refuses", () => {
  const refuse = async (): Promise<void> => {
    await expect(rollOver(await stored(), asking())).rejects.toThrow("and the old one stays");
    expect(await inUse()).toBe(old);
    expect(await files()).toEqual(["key.pem", "key.refused-20261121T094419Z.pem"]);
  };

  test("is put aside for a day", async () => {
    ca.change = () => {
      throw problem("badPublicKey", 400);
    };
    await refuse();
    expect((await withKnownKey(await stored(), asking())).key).toBe((await stored()).key);
    expect(await files()).toHaveLength(2);
    now = new Date(now.getTime() + 86_500_000);
    // A run without the lock removes nothing.
    await withKnownKey(await stored(), asking(), { keep: true });
    expect(await files()).toHaveLength(2);
    await withKnownKey(await stored(), asking());
    expect(await files()).toEqual(["key.pem"]);
  });

  test.each(["the next use of the account", "another rollover"])(
    "because it has it, as a lagging server of its does not know yet: %s finds it",
    async (how) => {
      ca.change = (next) => {
        ca = { ...ca, key: next, said: old };
        throw problem("malformed", 400);
      };
      await refuse();
      ca.said = undefined;
      if (how === "another rollover") expect(await rollOver(await stored(), asking())).toBe("finished");
      else await withKnownKey(await stored(), asking());
      expect([await inUse(), await files()]).toEqual([ca.key, ["key.pem"]]);
    },
  );

  test("and where none of them is known any more it is said which there are", async () => {
    ca.change = () => {
      throw problem("badPublicKey", 400);
    };
    await refuse();
    ca.key = "another";
    await expect(withKnownKey(await stored(), asking())).rejects.toMatchObject({
      kind: "config",
      message: expect.stringContaining("key.refused-20261121T094419Z.pem"),
    });
  });
});
