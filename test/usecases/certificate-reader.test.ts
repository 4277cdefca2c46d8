// Certificates are read once, few are kept, and one that cannot be read stays so.
import { expect, test } from "vitest";
import { createCertificateReader } from "../../src/usecases/certificate-reader.ts";
import { issue } from "../fakes/pki.ts";

test("the same bytes give the same facts, without reading them again", async () => {
  const { der, sha256 } = await issue({ names: ["mail.example.org"] });
  const read = createCertificateReader();
  const facts = read(der);
  expect(facts?.sha256).toBe(sha256);
  expect(read(Buffer.from(der))).toBe(facts);
});
test("what is no certificate is none, each time", () => {
  const read = createCertificateReader();
  expect(read(Buffer.from("no"))).toBeUndefined();
  expect(read(Buffer.from("no"))).toBeUndefined();
});
test("the oldest is forgotten first", async () => {
  const [one, two, three] = await Promise.all(
    ["a.example", "b.example", "c.example"].map((name) => issue({ names: [name] })),
  );
  const read = createCertificateReader(2);
  const first = read(one?.der ?? Buffer.alloc(0));
  const second = read(two?.der ?? Buffer.alloc(0));
  read(three?.der ?? Buffer.alloc(0));
  expect(read(two?.der ?? Buffer.alloc(0))).toBe(second);
  const again = read(one?.der ?? Buffer.alloc(0));
  expect(again).toEqual(first);
  expect(again).not.toBe(first);
});
