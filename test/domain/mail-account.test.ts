// Which entry points an account's files may name: what the last deployment proved, and nothing else.
import { describe, expect, test } from "vitest";
import { entryUrl } from "../../src/domain/entry-point.ts";
import { accountEntries } from "../../src/domain/mail-account.ts";
import type { Verdict } from "../../src/domain/verdict.ts";
import type { DeploymentRecord, EntryRecord } from "../../src/store/store.ts";

const host = "mail.example.org";

const at = (url: string, verdict: Verdict = "proven", address = "192.0.2.10"): EntryRecord => ({
  url,
  address,
  verdict,
});
const by = (server: string, ...entries: readonly EntryRecord[]): DeploymentRecord => ({
  server,
  generation: 1,
  at: "2026-11-20T12:00:00.000Z",
  entries,
});

const found = (...deployments: readonly DeploymentRecord[]) => {
  const { proven, unproven } = accountEntries(deployments, host);
  return { proven: proven.map(entryUrl), unproven: unproven.map(entryUrl) };
};

const usual = by(
  "dovecot",
  ...["pop3://mail.example.org:110", "imap://mail.example.org:143", "pop3s://mail.example.org:995"].map((url) =>
    at(url),
  ),
  at("imaps://mail.example.org:993"),
  at("sieve://mail.example.org:4190"),
);
const sending = by(
  "postfix",
  at("smtp://mail.example.org:25"),
  at("submission://mail.example.org:587"),
  at("submissions://mail.example.org:465"),
);

describe("entry points of an account", () => {
  test("TLS at once before STARTTLS, IMAP before POP3; 25, LMTP and ManageSieve are none of an account's", () => {
    expect(found(sending, usual, by("dovecot", at("lmtp+unix:///run/dovecot/lmtp")))).toEqual({
      proven: [
        "imaps://mail.example.org:993",
        "imap://mail.example.org:143",
        "pop3s://mail.example.org:995",
        "pop3://mail.example.org:110",
        "submissions://mail.example.org:465",
        "submission://mail.example.org:587",
      ],
      unproven: [],
    });
  });

  test.each(["stale", "broken", "failing", "own-certificate", "unobservable"] as const)(
    "%s is not proven",
    (verdict) => {
      expect(
        found(by("dovecot", at("imaps://mail.example.org:993", verdict), at("imap://mail.example.org:143"))),
      ).toEqual({
        proven: ["imap://mail.example.org:143"],
        unproven: ["imaps://mail.example.org:993"],
      });
    },
  );

  test("stale at one address, or for one kind of key, is stale", () => {
    const two = by(
      "dovecot",
      at("imaps://mail.example.org:993"),
      at("imaps://mail.example.org:993", "stale", "2001:db8::1"),
    );
    expect(found(two).proven).toEqual([]);
    const keys = by(
      "dovecot",
      { ...at("imaps://mail.example.org:993"), slot: "ecdsa" },
      { ...at("imaps://mail.example.org:993", "stale"), slot: "rsa" },
    );
    expect(found(keys).unproven).toEqual(["imaps://mail.example.org:993"]);
  });

  test("an address that could not be looked at says nothing against the others", () => {
    const two = by(
      "dovecot",
      at("imaps://mail.example.org:993"),
      at("imaps://mail.example.org:993", "unobservable", "198.51.100.7"),
    );
    expect(found(two).proven).toEqual(["imaps://mail.example.org:993"]);
  });

  test("a server that does not run now and served the last time", () => {
    const stopped = by("dovecot", at("imaps://mail.example.org:993", "unobservable"));
    expect(found({ ...stopped, lastServed: "2026-11-20T11:00:00.000Z" }).proven).toEqual([
      "imaps://mail.example.org:993",
    ]);
  });

  test("another name of the certificate is another name", () => {
    expect(found(by("dovecot", at("imaps://mx.example.org:993")))).toEqual({ proven: [], unproven: [] });
  });

  test("loopback alone is for this host, where others are asked at more", () => {
    const both = by(
      "dovecot",
      at("imaps://mail.example.org:993", "proven", "127.0.0.1"),
      at("imaps://mail.example.org:993"),
      at("imap://mail.example.org:143", "proven", "127.0.0.1"),
    );
    expect(found(both)).toEqual({ proven: ["imaps://mail.example.org:993"], unproven: [] });
    // Of many certificates each asks at one address, and that is the first: loopback.
    const one = by("dovecot", at("imaps://mail.example.org:993", "proven", "127.0.0.1"));
    expect(found(one, by("postfix", at("submissions://mail.example.org:465"))).proven).toEqual([
      "imaps://mail.example.org:993",
      "submissions://mail.example.org:465",
    ]);
  });

  test("one port for each service: the usual one, which speaks what programs expect there", () => {
    const many = by(
      "dovecot",
      at("imaps://mail.example.org:10993"),
      at("imaps://mail.example.org:993"),
      at("imap://mail.example.org:995"),
    );
    expect(found(many).proven).toEqual(["imaps://mail.example.org:993"]);
    expect(
      found(by("dovecot", at("imaps://mail.example.org:10993"), at("imaps://mail.example.org:2993", "stale"))).proven,
    ).toEqual(["imaps://mail.example.org:10993"]);
    expect(
      found(by("dovecot", at("imaps://mail.example.org:10993"), at("imaps://mail.example.org:993", "stale"))),
    ).toEqual({
      proven: [],
      unproven: ["imaps://mail.example.org:993"],
    });
  });
});
