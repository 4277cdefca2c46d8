// The public CAA test suites, from the look-up over the climb to the judgement; where we say otherwise, the table has the reason.
import type { Answer } from "dns-packet";
import { describe, expect, it } from "vitest";
import { type CaaQuestion, judgeCaa, parsePermission } from "../../src/domain/caa.ts";
import {
  type CaaRow,
  type CaaVerdictOfSuite,
  boulderAccounts,
  boulderMethods,
  boulderNames,
  boulderValues,
  caaTestSuite,
} from "../fakes/caa-suites.ts";
import type { Reply } from "./name-server.ts";
import { type Records, cname, noName, noRecord, openZones, servfail } from "./zones.ts";

const options = { timeoutMs: 20_000, signal: new AbortController().signal };
const question: CaaQuestion = {
  identities: ["letsencrypt.org"],
  account: "https://letsencrypt.org/acct/reg/123",
  methods: ["http-01"],
  wildcard: false,
};

const answer = (name: string, line: string): Answer => {
  const [, flags = "0", tag = "", value = ""] = /^(?:(\d+) )?(\S+) "(.*)"$/.exec(line) ?? [];
  return {
    type: "CAA",
    name,
    data: { flags: Number(flags), tag: tag as "issue", value, issuerCritical: Number(flags) >= 128 },
  };
};

/** What a resolver answers for a name: it follows aliases itself. */
const replyFor = (zone: CaaRow["zone"], name: string): Reply => {
  const lines = zone[name] ?? [];
  if (lines[0] === "SERVFAIL") return servfail;
  const above = Object.entries(zone).find(
    ([owner, there]) => name.endsWith(`.${owner}`) && (there[0] ?? "").startsWith("DNAME "),
  );
  const target =
    /^CNAME (.+)$/.exec(lines[0] ?? "")?.[1] ??
    (above ? `${name.slice(0, -above[0].length)}${above[1][0]?.slice("DNAME ".length)}` : undefined);
  if (target !== undefined) {
    const further = replyFor(zone, target);
    const dname: Answer[] = above
      ? [{ type: "DNAME", name: above[0], data: above[1][0]?.slice("DNAME ".length) ?? "" }]
      : [];
    return { ...further, answers: [...dname, cname(name, target), ...(further.answers ?? [])] };
  }
  const answers = lines.filter((line) => line.includes('"')).map((line) => answer(name, line));
  if (answers.length === 0) return lines.length > 0 ? noRecord : noName;
  return { answers, ...(answers.length > 100 ? { truncated: true } : {}) };
};

const recordsOf = ({ zone, name }: CaaRow): Records => {
  const labels = name.replace(/^\*\./, "").split(".");
  const owners = labels.map((_, from) => labels.slice(from).join("."));
  return Object.fromEntries(owners.map((owner) => [`${owner} CAA`, replyFor(zone, owner)]));
};

const judged = async (row: CaaRow): Promise<CaaVerdictOfSuite> => {
  const { dns } = await openZones(recordsOf(row));
  const lookup = await dns.caa(row.name, options);
  if (lookup.kind === "blocked") return "deny";
  if (lookup.kind === "unknown") throw new Error(lookup.why);
  const records = lookup.kind === "found" ? lookup.records : [];
  return judgeCaa(records, { ...question, wildcard: row.name.startsWith("*.") }).kind === "allowed" ? "issue" : "deny";
};

describe.each([
  ["caatestsuite.com", caaTestSuite],
  ["boulder", boulderNames],
])("%s", (_suite, rows) => {
  it.each(rows)("$name: $suite", async (row) => {
    expect(await judged(row), row.ours?.because).toBe(row.ours?.verdict ?? row.suite);
    // A difference that is none any more has to leave the table.
    expect(row.ours?.verdict).not.toBe(row.suite);
  });
});

describe("boulder's reading of values", () => {
  it.each(boulderValues)("$value", ({ value, suite, ours }) => {
    const parsed = parsePermission(value);
    const expected = ours ? { domain: "letsencrypt.org", parameters: ours.parameters } : suite;
    const seen = parsed && {
      domain: parsed.domain,
      parameters: Object.fromEntries(parsed.parameters.map((one) => [one.tag, one.value])),
    };
    expect(seen, ours?.because).toEqual(expected);
  });

  it.each(boulderMethods)("validationmethods=%s for %s: %s", (methods, method, suite) => {
    const value = `letsencrypt.org; validationmethods=${methods}`;
    const verdict = judgeCaa([{ critical: false, tag: "issue", value }], { ...question, methods: [method] });
    expect(verdict.kind).toBe(suite === "issue" ? "allowed" : "forbidden");
  });

  it.each(boulderAccounts)("accounturi=$pinned for $account: $suite", ({ pinned, account, suite, ours }) => {
    const value = `letsencrypt.org; accounturi=${pinned}`;
    const verdict = judgeCaa([{ critical: false, tag: "issue", value }], { ...question, account });
    expect(verdict.kind, ours?.because).toBe((ours?.verdict ?? suite) === "issue" ? "allowed" : "forbidden");
    expect(ours?.verdict).not.toBe(suite);
  });
});
