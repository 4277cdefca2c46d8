// What is said next when the CA did not find a token: where it was put decides what to look at.
import { expect, test } from "vitest";
import { validationFailure } from "../../../src/issuers/acme/validation-failure.ts";

const problem = {
  type: "urn:ietf:params:acme:error:unauthorized",
  detail: "Invalid response: 404",
  status: 403,
  subproblems: [],
};
const refused = { name: "mail.example.org", challenge: "http-01", status: "invalid", problem };

test("a web server's folder in use is named before the addresses", () => {
  const { hints } = validationFailure([{ ...refused, webroot: "/var/www/nope" }]);
  expect(hints).toEqual([
    expect.stringContaining("/var/www/nope/.well-known/acme-challenge") as string,
    expect.stringContaining("A and AAAA records") as string,
  ]);
});

test("without one, and where the CA did not come through, no folder is spoken of", () => {
  const connection = { ...problem, type: "urn:ietf:params:acme:error:connection" };
  const hints = [
    ...validationFailure([refused]).hints,
    ...validationFailure([{ ...refused, problem: connection, webroot: "/var/www/nope" }]).hints,
  ];
  expect(hints).toHaveLength(2);
  expect(hints.join()).not.toContain("webroot");
});
