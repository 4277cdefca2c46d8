// Where a bundle's folder is published: one form for each address, and why others cannot stand.
import { describe, expect, test } from "vitest";
import { pageUrl } from "../../src/domain/page-url.ts";

describe("pageUrl", () => {
  test.each([
    ["https://www.example.org/mail/", "https://www.example.org/mail/"],
    ["https://www.example.org/mail", "https://www.example.org/mail/"],
    ["https://www.example.org", "https://www.example.org/"],
    ["HTTPS://WWW.Example.ORG:443/mail/index.html", "https://www.example.org/mail/index.html"],
    ["https://post.münchen.example/", "https://post.xn--mnchen-3ya.example/"],
  ])("%s", (text, url) => expect(pageUrl(text)).toEqual({ url }));

  test.each([
    ["mail", "is not a URL"],
    ["http://www.example.org/", "is not an https URL: what people trust must not be changed on its way"],
    ["javascript:alert(1)", "is not an https URL: what people trust must not be changed on its way"],
    ["https://alice:secret@www.example.org/", "has a user name or password in it"],
    ["https://www.example.org/?x=1", "has a ? or # in it"],
    ["https://www.example.org/#x", "has a ? or # in it"],
    [`https://www.example.org/${"x".repeat(300)}`, "is too long: 300 characters are the most"],
  ])("%s", (text, problem) => expect(pageUrl(text)).toEqual({ problem }));
});
