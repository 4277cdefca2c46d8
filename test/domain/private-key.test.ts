// Reading a private key: what a failed TLS connection left behind in OpenSSL does not make a whole key unreadable.
import * as crypto from "node:crypto";
import { afterEach, expect, test, vi } from "vitest";
import { Failure } from "../../src/domain/failure.ts";
import { readPrivateKey } from "../../src/domain/private-key.ts";
import { generateKey } from "../../src/system/keys.ts";

const left = vi.hoisted(() => ({ errors: 0, tries: 0 }));

vi.mock("node:crypto", async (original) => {
  const real = await original<typeof crypto>();
  return {
    ...real,
    createPrivateKey: (key: string) => {
      left.tries += 1;
      if (left.errors === 0) return real.createPrivateKey(key);
      left.errors -= 1;
      throw Object.assign(new Error("error:0A080106:SSL routines::passed invalid argument"), {
        code: "ERR_SSL_PASSED_INVALID_ARGUMENT",
      });
    },
  };
});

afterEach(() => {
  left.errors = 0;
  left.tries = 0;
});

test.each([0, 1, 16])("%i errors of a TLS connection that nobody took", async (errors) => {
  const pem = await generateKey("ecdsa");
  left.errors = errors;
  left.tries = 0;
  expect(readPrivateKey(pem).asymmetricKeyType).toBe("ec");
  expect(left.tries).toBe(errors + 1);
});

test("what is no key is refused at once, and without end it is not tried", () => {
  expect(() => readPrivateKey("no key")).toThrow(Failure);
  expect(left.tries).toBe(1);
  left.errors = Infinity;
  expect(() => readPrivateKey("no key")).toThrow(/cannot be read: it is not an unencrypted PEM key/);
  expect(left.tries).toBe(18);
});
