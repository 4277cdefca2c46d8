// `--http-address` as written by people.
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseListenAddress } from "../../src/domain/listen-address.ts";

describe("parseListenAddress", () => {
  test.each([
    [":80", { port: 80 }],
    ["*:80", { port: 80 }],
    ["192.0.2.1:8080", { host: "192.0.2.1", port: 8080 }],
    ["[2001:db8::1]:80", { host: "2001:db8::1", port: 80 }],
    ["[::]:80", { host: "::", port: 80 }],
  ])("%s", (text, expected) => {
    expect(parseListenAddress(text)).toEqual(expected);
  });

  test.each(["", ":", "80", "host:80", "192.0.2.256:80", "[::1:80", "[1.2.3.4]:80", ":0", ":99999", ":8 0", "a:b:80"])(
    "%j is refused",
    (text) => {
      expect(parseListenAddress(text)).toHaveProperty("problem");
    },
  );

  test("every address and port comes back as it was", () => {
    fc.assert(
      fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), fc.integer({ min: 1, max: 65_535 }), (host, port) => {
        expect(parseListenAddress(host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`)).toEqual({
          host,
          port,
        });
      }),
    );
  });
});
