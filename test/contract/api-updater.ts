// What every updater with an HTTP API must keep besides the updater contract: an end whatever the other side does, and no secret in what it says.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type {
  DnsUpdater,
  TxtRecord,
  UpdaterDeps,
  UpdaterFactory,
  UpdaterSettings,
} from "../../src/dns/updaters/updater.ts";
import { Failure } from "../../src/domain/failure.ts";
import { type Answer, type FakeProvider, startApi } from "../fakes/dns-apis/server.ts";

export interface ApiUnderTest {
  readonly create: UpdaterFactory;
  /** Good ones, without `url`. */
  readonly settings: UpdaterSettings;
  /** Keys of settings that hold a secret. */
  readonly secrets: readonly string[];
  readonly start: () => Promise<FakeProvider>;
  readonly record?: TxtRecord;
  /** It reads nothing and takes nothing away. */
  readonly keeps?: true;
}

const now = new Date("2026-11-20T12:00:00Z");
export const usualRecord = { name: "_acme-challenge.mail.example.org", value: "v".repeat(43), zone: "example.org" };
export const { signal } = new AbortController();

/** Waits are noted, and not waited for. */
export const apiDeps = (waits: number[] = [], timeoutMs = 10_000): UpdaterDeps => ({
  run: () => Promise.reject(new Error("no program is needed")),
  now: () => now,
  sleep: async (ms) => void waits.push(ms),
  userAgent: "mailcert/test",
  randomId: () => 4711,
  timeoutMs,
});

export const failureOf = async (job: () => unknown): Promise<Failure> => {
  const error: unknown = await (async () => job())().then(
    () => new Error("it went well"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Failure)) throw error;
  return error;
};

export const shownBy = ({ message, hints, facts }: Failure): string =>
  `${message}\n${hints.join("\n")}\n${JSON.stringify(facts)}`;

export const apiUpdaterContract = (title: string, subject: ApiUnderTest): void => {
  const record = subject.record ?? usualRecord;
  const secrets = subject.secrets.map((key) => subject.settings[key] ?? "");

  describe(`API updater contract: ${title}`, () => {
    let fake: FakeProvider;
    beforeEach(async () => {
      fake = await subject.start();
    });
    afterEach(() => fake.api.stop());

    const open = (more: UpdaterSettings = {}, deps = apiDeps()): DnsUpdater =>
      subject.create({ ...subject.settings, url: fake.api.url, ...more }, deps);
    const refusal = async (job: () => unknown): Promise<Failure> => {
      const failure = await failureOf(job);
      for (const secret of secrets) expect(shownBy(failure)).not.toContain(secret);
      return failure;
    };
    const whenItSays = async (answer: Answer, waits: number[] = []): Promise<Failure> => {
      fake.api.instead = () => answer;
      const failure = await refusal(() => open({}, apiDeps(waits)).add(record, signal));
      fake.api.instead = undefined;
      expect(fake.values(record.name)).toEqual([]);
      return failure;
    };

    test("says who it is, and goes where url says, with a path too", async () => {
      await open({ url: `${fake.api.url}/` }).add(record, signal);
      expect(fake.values(record.name)).toEqual([record.value]);
      expect(fake.api.asked[0]?.headers["user-agent"]).toBe("mailcert/test");
      fake.api.asked.length = 0;
      await refusal(() => open({ url: `${fake.api.url}/below/` }).add(record, signal));
      expect(fake.api.asked[0]?.path).toMatch(/^\/below\/[^/]/);
    });

    test.each(subject.secrets)("credentials that are refused (%s): what they must be allowed to do", async (key) => {
      const wrong = (subject.settings[key] ?? "").replace(/.$/, (last) => (last === "x" ? "y" : "x"));
      const failure = await refusal(() => open({ [key]: wrong }).add(record, signal));
      expect(failure.kind).toBe("config");
      expect(failure.message).toContain(title);
      expect(failure.hints.length).toBeGreaterThan(0);
      expect(shownBy(failure)).not.toContain(wrong);
    });

    const reads = subject.keeps === undefined;
    test(reads ? "check finds credentials that are refused, and only reads" : "has no check", async () => {
      if (!reads) {
        expect(open().check).toBeUndefined();
        return;
      }
      const [key = ""] = subject.secrets;
      const wrong = (subject.settings[key] ?? "").replace(/.$/, (last) => (last === "x" ? "y" : "x"));
      const failure = await refusal(() => open({ [key]: wrong }).check?.(record, signal));
      expect(failure.kind).toBe("config");
      fake.api.asked.length = 0;
      await open().check?.(record, signal);
      expect(fake.api.asked.map(({ method }) => method)).toContain("GET");
      expect(fake.api.asked.every(({ method }) => method === "GET")).toBe(true);
    });

    test("an error that repeats the credentials does not bring them to light, whole or cut", async () => {
      const all = secrets.join("/");
      const answers: readonly Answer[] = [
        ...[400, 401, 500].map((status) => ({ status, body: { error: `${"x".repeat(280)} ${all}` } })),
        { status: 302, headers: { Location: `https://example.net/${"x".repeat(160)}/${all}` } },
      ];
      for (const answer of answers) {
        const failure = await whenItSays(answer);
        for (const secret of secrets) expect(shownBy(failure)).not.toContain(secret.slice(0, 12));
      }
    });

    test.each([429, 503])("HTTP %i with a short Retry-After is waited for", async (status) => {
      const waits: number[] = [];
      let left = 2;
      fake.api.instead = () => ((left -= 1) >= 0 ? { status, headers: { "Retry-After": "2" } } : undefined);
      await open({}, apiDeps(waits)).add(record, signal);
      expect(fake.values(record.name)).toEqual([record.value]);
      expect(waits.filter((ms) => ms === 2000)).toHaveLength(2);
    });

    test.each([429, 503])("HTTP %i with a long Retry-After is the next run's", async (status) => {
      const waits: number[] = [];
      const failure = await whenItSays(
        { status, headers: { "Retry-After": "3600" }, body: { detail: "Slow down." } },
        waits,
      );
      expect(failure).toMatchObject({ kind: "try-later", facts: { retryAt: "2026-11-20T13:00:00.000Z" } });
      expect(failure.message).toContain("Slow down.");
      expect(waits).toEqual([]);
    });

    test("being put off for ever ends, and so does 429 without a time", async () => {
      const waits: number[] = [];
      const failure = await whenItSays({ status: 429, headers: { "Retry-After": "1" } }, waits);
      expect(failure).toMatchObject({ kind: "try-later", facts: { retryAt: "2026-11-20T12:00:01.000Z" } });
      expect(waits).toEqual([1000, 1000, 1000]);
      expect(await whenItSays({ status: 429 })).toMatchObject({
        kind: "try-later",
        facts: { retryAt: "2026-11-20T12:01:00.000Z" },
      });
    });

    test("a page in place of an answer", async () => {
      const page = "<!DOCTYPE html><title>Sign in\u001b[31m</title>";
      const good = await whenItSays({ status: 200, body: page });
      expect(good).toMatchObject({ kind: "unavailable", facts: { code: "NOT_JSON" } });
      expect(good.message).toContain("an HTML page, no API's answer");
      const bad = await whenItSays({ status: 502, body: page });
      expect(bad).toMatchObject({ kind: "unavailable", facts: { code: "HTTP_502" } });
      expect(bad.message).not.toContain("<");
    });

    // What an updater without GET is told there does not matter to it.
    if (subject.keeps !== true)
      test("JSON of another shape ends in a failure, or the value stands beside those that were there", async () => {
        const before = { ...record, value: "b".repeat(43) };
        await open().add(before, signal);
        for (const body of [[], null, 7, { result: "no", rrset: 1, rrsets: {}, records: 3, action: [] }]) {
          fake.api.instead = ({ method }) => (method === "GET" ? { status: 200, body } : undefined);
          const ended = await open()
            .add(record, signal)
            .then(
              () => "done",
              (error: unknown) => error instanceof Failure,
            );
          fake.api.instead = undefined;
          expect(ended === "done" || ended).toBe(true);
          expect(fake.values(record.name)).toContain(before.value);
          expect(fake.values(record.name).includes(record.value)).toBe(ended === "done");
          await open().remove(record, signal);
        }
      });

    test("a redirect is not followed: the token stays here", async () => {
      const elsewhere = await startApi(() => ({ status: 200, body: {} }));
      const failure = await whenItSays({ status: 307, headers: { Location: `${elsewhere.url}/update` } });
      expect(failure).toMatchObject({ kind: "unavailable", facts: { code: "HTTP_307" } });
      expect(failure.message).toContain(`redirects to ${elsewhere.url}/update`);
      expect(elsewhere.asked).toEqual([]);
      await elsewhere.stop();
    });

    test("more than any answer has", async () => {
      const failure = await whenItSays({ status: 200, body: `"${"x".repeat(5 << 20)}"` });
      expect(failure).toMatchObject({ kind: "unavailable", facts: { code: "TOO_LONG" } });
    });

    test("silence ends with the deadline, and at once where the run is stopped", async () => {
      fake.api.instead = () => "silence";
      const failure = await refusal(() => open({}, apiDeps([], 200)).add(record, signal));
      expect(failure).toMatchObject({ kind: "unavailable", facts: { code: "ETIMEDOUT" } });
      const stop = new AbortController();
      fake.api.instead = () => {
        stop.abort(new Error("stopped"));
        return "silence";
      };
      await expect(open().add(record, stop.signal)).rejects.toThrow("stopped");
    });

    test("nobody listens", async () => {
      await fake.api.stop();
      const failure = await refusal(() => open().add(record, signal));
      expect(failure).toMatchObject({ kind: "unavailable", facts: { code: "ECONNREFUSED" } });
    });

    test("settings that cannot be right are refused by their key", async () => {
      const of = async (more: UpdaterSettings): Promise<string> => {
        const failure = await refusal(() => open(more));
        expect(failure.kind).toBe("config");
        return failure.message;
      };
      expect(await of({ url: "http://dns.example.org" })).toContain("must begin with https://");
      expect(await of({ url: "ftp://127.0.0.1" })).toContain("must begin with https://");
      expect(await of({ url: "dns.example.org" })).toContain("no URL");
      expect(await of({ url: "https://user:hunter2@dns.example.org" })).not.toContain("hunter2");
      expect(await of({ url: "https://dns.example.org/?a=b" })).toContain("without ? and #");
      for (const key of subject.secrets) {
        expect(await of({ [key]: "to\nken" })).toContain(`${key} has characters`);
        expect(await of({ [key]: " " })).toContain(`${key} is missing`);
      }
      const missing = await refusal(() => open({ ca_file: "/nonexistent/roots.pem" }).add(record, signal));
      expect(missing).toMatchObject({ kind: "config", facts: { path: "/nonexistent/roots.pem" } });
    });
  });
};
