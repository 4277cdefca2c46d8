// DANE-TA: the dates of every certificate on the way to the anchor count, and one way that holds is enough.
import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { daneMatch } from "../../src/checks/dane-match.ts";
import { daneTa } from "../../src/checks/dane-ta.ts";
import { entryFacts } from "../fakes/entry-facts.ts";
import { type Issued, day, issue } from "../fakes/pki.ts";

const now = new Date();
const past = { notBefore: new Date(now.getTime() - 20 * day), notAfter: new Date(now.getTime() - day) };
let root: Issued;
let ended: Issued;
let current: Issued;

beforeAll(async () => {
  root = await issue({ subject: "CN=Root", ca: true });
  ended = await issue({ subject: "CN=Ended", ca: true, by: root, ...past });
  current = await issue({ subject: "CN=Current", ca: true, by: root });
});

const said = (chain: readonly Issued[], ...pinned: readonly Issued[]): readonly string[] => {
  const records = pinned.map(({ der }) => ({
    usage: 2,
    selector: 0,
    matchingType: 1,
    data: createHash("sha256").update(der).digest("hex"),
  }));
  const facts = entryFacts({
    entry: { protocol: "smtp", mode: "starttls", port: 25 },
    chain,
    tlsa: { kind: "found", owner: "_25._tcp.mail.example.org", records, secure: true },
    now,
  });
  return [daneMatch, daneTa].flatMap((check) => check.judge(facts)).map(({ message }) => message);
};

describe("2 0 1", () => {
  it("an issuer on the way that has ended: senders refuse, though the leaf is in its dates", async () => {
    const leaf = await issue({ names: ["mail.example.org"], by: ended });
    expect(said([leaf, ended, root], root)).toEqual([
      expect.stringMatching(/pinned by its issuer only .* its issuer CN=Ended is not within its dates/),
    ]);
  });

  it("an anchor that has ended itself: refused where it is a root, as OpenSSL does", async () => {
    const old = await issue({ subject: "CN=Old root", ca: true, ...past });
    const byOld = await issue({ names: ["mail.example.org"], by: old });
    expect(said([byOld, old], old)).toEqual([
      expect.stringContaining("its issuer CN=Old root is not within its dates"),
    ]);
    const leaf = await issue({ names: ["mail.example.org"], by: ended });
    expect(said([leaf, ended], ended)).toEqual([]);
  });

  it("an issuer that has ended and is not on the way is nobody's concern", async () => {
    const leaf = await issue({ names: ["mail.example.org"], by: current });
    expect(said([leaf, current, ended, root], root)).toEqual([]);
  });

  it("a way to one anchor that holds is enough beside one that does not", async () => {
    const leaf = await issue({ names: ["mail.example.org"], by: ended });
    expect(said([leaf, ended, root], ended, root)).toEqual([]);
  });

  it("where the anchor is not served, the words say that it has to be", async () => {
    const leaf = await issue({ names: ["mail.example.org"], by: current });
    const facts = entryFacts({
      entry: { protocol: "smtp", mode: "starttls", port: 25 },
      chain: [leaf, current],
      tlsa: {
        kind: "found",
        owner: "_25._tcp.mail.example.org",
        records: [{ usage: 2, selector: 0, matchingType: 1, data: root.sha256 }],
        secure: true,
      },
    });
    expect(daneMatch.judge(facts)[0]?.hint).toContain("where the certificate that it pins is served, too");
  });
});
