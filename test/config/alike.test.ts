// Large files of like entries: read in another way, with the same result as line by line.
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readAlike } from "../../src/config/alike.ts";
import { parseConfig, readConfig } from "../../src/config/parse.ts";

const parse = (texts: readonly string[], quick: boolean) => {
  const files = texts.map((text, index) => ({ path: `${index}.yaml`, text }));
  const { certificates, places, problems, silent } = readConfig(files, undefined, quick);
  return problems.length > 0 ? { problems } : { certificates, places: [...places], silent };
};

const bodies = [
  "    issuer: letsencrypt\n    email: a@example.org\n",
  "    servers: none\n",
  "",
  "\n    # a comment\n    days: 10 # short\n",
  "    names:\n      - b.example.org\n      - '*.example.org'\n",
  "    ca_domains: [example.org,\n      example.net]\n",
  "    key: >-\n      rsa-4096\n",
];
const odd = [
  "    servers: sendmail\n",
  "    key: *x\n",
  "  # outside\n",
  "   three: 3\n",
  "    bundle: /srv/b\n",
  "---\n",
];

test("line by line or not: one result, places included", () => {
  const body = fc.oneof(
    { weight: 40, arbitrary: fc.constantFrom(...bodies) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
  const name = fc.oneof(
    { weight: 60, arbitrary: fc.integer({ min: 1, max: 999 }).map((number) => `mail${number}.example.org`) },
    { weight: 1, arbitrary: fc.constantFrom("a-.example.org", "x..example.org", "mail.example.123") },
  );
  const entries = fc.array(fc.tuple(name, body), { maxLength: 40 });
  const head = fc.constantFrom("", "schema: 1\n", "# hello\n\n", "schema: 1 # x\n", ...tops);
  const file = fc
    .tuple(head, entries)
    .map(([top, list]) => `${top}certificates:\n${list.map(([host, lines]) => `  ${host}:\n${lines}`).join("")}`);
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 3 }), (texts) => {
      expect(parse(texts, true)).toEqual(parse(texts, false));
    }),
    { numRuns: 100 },
  );
});

/** Settings for all certificates: good ones, wrong ones, and what is no YAML. */
const tops = [
  'window: "Sat 02:00-05:00"\n',
  "schema: 1\nhooks:\n  after_deploy: [/usr/local/sbin/after]\nnotify:\n  mail: postmaster@example.org\n",
  "notify:\n  mial: x\n",
  "hooks:\n   a: b\n  c: d\n",
];

const many = (count: number, body: (index: number) => string): string =>
  `certificates:\n${Array.from({ length: count }, (_, index) => `  mail${index}.example.org:\n${body(index)}`).join("")}`;

test("each different body is read once", () => {
  const texts: string[] = [];
  const found = readAlike(
    [many(50, (index) => `    days: ${(index % 3) + 1}\n`), many(50, () => "    days: 2\n")],
    (text) => {
      texts.push(text);
      const result = parseConfig([{ path: "x", text }]);
      return "problems" in result ? undefined : result.config.certificates;
    },
  );
  expect(texts).toHaveLength(3);
  expect(found[0]?.entries[4]).toMatchObject({
    line: 10,
    certificate: { name: "mail4.example.org", names: ["mail4.example.org"], issuer: { days: 2 } },
  });
});

test("a problem in one of many has its own line and column", () => {
  const result = parseConfig([{ path: "x", text: many(100, (index) => `    ${index === 70 ? "dys" : "days"}: 9\n`) }]);
  expect("problems" in result && result.problems).toMatchObject([{ line: 143, column: 5 }]);
});

test("a name that stands in another file too is found", () => {
  const text = many(100, () => "    days: 9\n");
  const again = "certificates:\n  mail7.example.org:\n";
  const late = parseConfig([
    { path: "a", text },
    { path: "b", text: again },
  ]);
  expect("problems" in late && late.problems).toMatchObject([{ file: "b", line: 2, column: 3 }]);
  const early = parseConfig([
    { path: "b", text: again },
    { path: "a", text },
  ]);
  expect("problems" in early && early.problems).toMatchObject([{ file: "a", line: 16, column: 3 }]);
});
