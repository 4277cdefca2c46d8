// An updater's settings file: provider and settings, every problem with its line, never a value.
import { describe, expect, it } from "vitest";
import { readUpdaterFile } from "../../src/config/secrets.ts";
import type { Failure } from "../../src/domain/failure.ts";

const providers = {
  rfc2136: { settings: { server: { required: true }, key_secret: { required: false }, ttl: { required: false } } },
  exec: { settings: { command: { required: true } } },
};
const path = "/etc/mailcert/secrets/ns.yaml";
const read = (text: string, name = "ns") => readUpdaterFile({ path, text }, name, providers);
const refusal = (text: string, name?: string): Failure => {
  try {
    read(text, name);
  } catch (error) {
    return error as Failure;
  }
  throw new Error("it was read");
};

describe("a settings file", () => {
  it("has a provider and its settings, numbers as they stand", () => {
    expect(read("provider: rfc2136\nserver: 192.0.2.1\nttl: 060\nkey_secret: 'ab=='\n")).toEqual({
      provider: "rfc2136",
      settings: { server: "192.0.2.1", ttl: "060", key_secret: "ab==" },
      propagationTimeout: 120,
    });
    expect(read("server: 192.0.2.1\npropagation_timeout: 300\n", "rfc2136")).toMatchObject({
      provider: "rfc2136",
      propagationTimeout: 300,
    });
  });

  it.each([
    ["", "the file says nothing"],
    ["server: 192.0.2.1", 'the provider "ns" is not known'],
    ["provider: rfc2137", ":1:11: its provider is not known"],
    ["provider: constructor", "is not known"],
    ["provider: rfc2136", "server is missing: rfc2136 needs it"],
    ["provider: rfc2136\nserver: a\nserber: b", ":3:1: a key that is not known (it is not shown)"],
    ["provider: rfc2136\nserver: a\nserver: b", ":3:1: a key that is there twice"],
    ["provider: rfc2136\nserver:\n", "server has no value"],
    ["provider: rfc2136\nserver: [a]\n", "server must be a text"],
    ["provider: rfc2136\nserver: a\npropagation_timeout: 0", "between 1 and 600"],
    ["- provider", "must be a mapping"],
  ])("is refused: %j", (text, message) => {
    const error = refusal(text);
    expect(error.kind).toBe("config");
    expect(error.message).toContain(message);
    expect(error.message).toContain(path);
  });

  it.each([
    "key_secret: *hunter2",
    "key_secret: 'hunter2",
    "key_secret: hunter2: x",
    "key_secret: !hunter2 x",
    "key_secret: [hunter2",
  ])("does not show what may be a secret: %s", (line) => {
    const { message, hints, facts } = refusal(`provider: rfc2136\nserver: a\n${line}\n`);
    expect(`${message}${hints.join("")}${JSON.stringify(facts)}`).not.toContain("hunter2");
  });

  const secret = "c2VjcmV0c2VjcmV0c2VjcmV0";
  it.each([
    `${secret}: x`,
    `SECRET: ${secret}`,
    `key_secret ${secret}: x`,
    `key_secret:${secret}==: x`,
    `? ${secret}`,
    secret,
    `${secret}: 1\n${secret}: 2`,
    `key_secret: *.${secret}`,
    `<<: ${secret}`,
    `key_secret: {${secret}}`,
    `key_secret: !!${secret} x`,
    `key_secret: x\n ${secret}: y`,
    `server: b\nttl: [${secret}]`,
    `propagation_timeout: ${secret}`,
  ])("does not show what stands where it does not belong: %j", (line) => {
    for (const before of ["provider: rfc2136\nserver: a\n", ""]) {
      const { message, hints, facts } = refusal(`${before}${line}\n`, "rfc2136");
      expect(`${message}${hints.join("")}${JSON.stringify(facts)}`).not.toContain(secret.slice(0, 12));
    }
  });

  it("does not show a provider that is none: a secret may have come into its line", () => {
    const { message, hints, facts } = refusal(`provider: ${secret}\n`);
    expect(`${message}${hints.join("")}${JSON.stringify(facts)}`).not.toContain(secret.slice(0, 12));
    expect(refusal("provider: rfc2137\n").hints).toEqual([expect.stringContaining("did you mean rfc2136?")]);
    expect(refusal("provider: rfc2136\nserver: a\nserber: b").hints).toEqual([
      expect.stringContaining("did you mean server?"),
    ]);
  });
});
