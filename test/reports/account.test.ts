// What is said of accounts: whose, in which state, the CAA records, what is wrong.
import { describe, expect, it } from "vitest";
import { accountsDocument, accountsText, changedAccountText } from "../../src/reports/account.ts";
import type { ShownAccount } from "../../src/usecases/account-show.ts";
import { complaints } from "../docs/schemas.ts";

const url = "https://acme-v02.api.letsencrypt.org/acme/acct/1";
const shown = (over: Partial<ShownAccount> = {}): ShownAccount => ({
  folder: "/var/lib/mailcert/accounts/acme-v02.api.letsencrypt.org/0123456789abcdef",
  ca: "acme-v02.api.letsencrypt.org",
  registered: {
    url,
    directory: "https://acme-v02.api.letsencrypt.org/directory",
    email: "a@example.org",
    createdAt: "2026-01-02T00:00:00.000Z",
  },
  inUse: true,
  unfinishedRollover: false,
  title: "letsencrypt",
  certificates: ["mail.example.org"],
  caa: [`mail.example.org. IN CAA 0 issue "letsencrypt.org; accounturi=${url}"`],
  ...over,
});

describe("accounts for people", () => {
  it("one in use, with its records", () => {
    expect(accountsText([shown()])).toBe(
      [
        `letsencrypt: ${url}`,
        "  in use on this host (--check asks the CA)",
        "  directory https://acme-v02.api.letsencrypt.org/directory",
        "  contact a@example.org, registered 2026-01-02",
        "  key in /var/lib/mailcert/accounts/acme-v02.api.letsencrypt.org/0123456789abcdef",
        "  orders mail.example.org",
        "  CAA records that let only this account order there (RFC 8657):",
        `    mail.example.org. IN CAA 0 issue "letsencrypt.org; accounturi=${url}"`,
      ].join("\n"),
    );
  });

  it.each([
    ["what the CA says", { live: { status: "valid", contact: [], identities: [] } }, "in use; the CA says: valid"],
    [
      "a contact that the CA has",
      { live: { status: "valid", contact: ["mailto:b@c.d"], identities: [] } },
      "contact b@c.d",
    ],
    ["one that another took over from", { inUse: false, caa: [], certificates: [] }, "not in use: a newer account"],
    ["an unfinished rollover", { unfinishedRollover: true }, "mailcert account rollover goes on with it"],
    ["a CA whose name in CAA is not known", { caa: [] }, "order there: mailcert account show --check"],
    [
      "trouble",
      { trouble: { message: "the CA is away", hints: ["try later"] } },
      "  FAILED: the CA is away\n    -> try later",
    ],
  ])("%s", (_what, over, words) => {
    expect(accountsText([shown(over)])).toContain(words);
    expect(complaints(accountsDocument([shown(over)]))).toEqual([]);
  });

  it("a key that waits, many names, and none at all", () => {
    const { registered: _none, ...waiting } = shown({ certificates: [], caa: [] });
    expect(accountsText([waiting])).toContain("a key that waits for its account");
    expect(complaints(accountsDocument([waiting]))).toEqual([]);
    const many = shown({ caa: Array.from({ length: 25 }, (_, index) => `n${index}.example.org. IN CAA 0 issue "x"`) });
    expect(accountsText([many])).toContain("(5 more names)");
    expect(accountsText([])).toContain("no ACME account");
  });

  it("what was changed, with what to know", () => {
    const { directory = "" } = shown().registered ?? {};
    const text = changedAccountText({ outcome: "rolled-over", account: shown(), directory, notes: ["one more thing"] });
    expect(text).toBe(`${url}: it has a new key; its URL and CAA records stay as they are\n  - one more thing`);
  });
});

it.each([
  ["a@example.org", "its contact is a@example.org now"],
  [undefined, "it has no contact now"],
])("a changed contact is said: %s", (email, words) => {
  const { email: _before, ...registered } = shown().registered ?? { url, directory: "", createdAt: "" };
  const account = shown({ registered: { ...registered, ...(email === undefined ? {} : { email }) } });
  const text = changedAccountText({ outcome: "updated", account, directory: registered.directory, notes: [] });
  expect(text).toBe(`${url}: ${words}`);
});
