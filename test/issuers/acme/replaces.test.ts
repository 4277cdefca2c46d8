// `replaces` of a new order: said only to the CA and by the account that it is about, and left out where the CA does not take it.
import { describe, expect, test } from "vitest";
import type { Account } from "../../../src/issuers/acme/account.ts";
import type { Directory } from "../../../src/issuers/acme/directory.ts";
import { ProblemError, readProblem } from "../../../src/issuers/acme/problem.ts";
import { type Replacing, placeReplacing, replacingFor } from "../../../src/issuers/acme/replaces.ts";
import type { IssueRequest } from "../../../src/issuers/issuer.ts";
import { makeServerTls } from "../../fakes/acme-tls.ts";
import { rfc9773Leaf, rfc9773LeafId } from "../../fakes/ari.ts";

const url = "https://ca.example/account/1";
const account = { record: { url } } as Account;
const directory = { renewalInfo: "https://ca.example/ari" } as Directory;
const asking = (replaces?: IssueRequest["replaces"]): IssueRequest => ({ replaces }) as IssueRequest;

test("it is said of a leaf of the same account, where the directory lists renewalInfo", async () => {
  const replaces = { leaf: rfc9773Leaf, account: url, inWindow: false };
  expect(replacingFor(asking(replaces), directory, account)).toEqual({ replaces: rfc9773LeafId });
  expect(replacingFor(asking(), directory, account)).toEqual({});
  expect(replacingFor(asking({ ...replaces, account: `${url}2` }), directory, account)).toEqual({});
  expect(replacingFor(asking(replaces), {} as Directory, account)).toEqual({});
  const without = { leaf: (await makeServerTls()).cert, account: url, inWindow: false };
  expect(replacingFor(asking(without), directory, account)).toEqual({});
});

const refusal = (type: string, status: number, detail: string): ProblemError =>
  new ProblemError(readProblem({ type: `urn:ietf:params:acme:error:${type}`, detail }, status), "https://ca.example/o");

describe("an order that is refused", () => {
  const place = async (error: Error, replacing: Replacing = { replaces: rfc9773LeafId }) => {
    const orders: Replacing[] = [];
    const order = async (extra: Replacing): Promise<string> => {
      orders.push(extra);
      if (orders.length === 1) throw error;
      return "order";
    };
    try {
      return { end: await placeReplacing(replacing, order, () => undefined), orders };
    } catch (reason) {
      return { end: reason, orders };
    }
  };

  test.each([
    ["alreadyReplaced", 409, ""],
    ["conflict", 409, "certificate has already been replaced"],
    ["malformed", 400, "could not parse replaces"],
    ["malformed", 404, "Certificate not found"],
    ["serverInternal", 404, "ARI Feature not enabled"],
    ["serverInternal", 500, "could not find an order for the given certificate: could not find order resulting in it"],
    ["unauthorized", 403, "requester account did not request the certificate being replaced by this order"],
  ])("%s (%d: %s): once more without it", async (type, status, detail) => {
    const { end, orders } = await place(refusal(type, status, detail));
    expect(end).toBe("order");
    expect(orders).toEqual([{ replaces: rfc9773LeafId }, {}]);
  });

  test.each([
    refusal("rateLimited", 429, "too many certificates"),
    refusal("rejectedIdentifier", 400, "policy forbids issuing for name"),
    refusal("malformed", 400, "JWS verification error"),
    refusal("serverInternal", 500, "replaces"),
    new Error("a bug"),
  ])("%s: not because of it", async (error) => {
    const { end, orders } = await place(error);
    expect(end).toBe(error);
    expect(orders).toHaveLength(1);
  });

  test("without it there is nothing to leave out", async () => {
    const error = refusal("alreadyReplaced", 409, "");
    expect(await place(error, {})).toEqual({ end: error, orders: [{}] });
  });
});
