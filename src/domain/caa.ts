// CAA records (RFC 8659, RFC 8657): whether the relevant record set lets a CA certify a name, with an account and by some validation method.
import { clean } from "./text.ts";

export interface CaaRecord {
  /** Bit 0 of the flags (RFC 8659 §4.1): who does not know the tag must not issue. */
  readonly critical: boolean;
  /** Tag and value as they came from DNS, to be cleaned before they are shown. */
  readonly tag: string;
  readonly value: string;
}

/** An `issue` or `issuewild` value (RFC 8659 §4.2). */
export interface IssuePermission {
  /** In lower case; empty: nobody. */
  readonly domain: string;
  /** In order; a tag in lower case may come twice. */
  readonly parameters: readonly { readonly tag: string; readonly value: string }[];
}

export interface CaaQuestion {
  /** The names that the CA answers to (`caaIdentities` of its directory); empty: it says none. */
  readonly identities: readonly string[];
  /** URL of our account there; undefined: it would be a new one. */
  readonly account: string | undefined;
  /** Validation methods (challenge types) that could be used, at least one. */
  readonly methods: readonly string[];
  readonly wildcard: boolean;
}

/** `unknown`: the CA does not say its names, so nobody but the CA can tell. `methods`: those of the question that are allowed, in its order. `tag`: of the properties that counted. */
export type CaaVerdict =
  | { readonly kind: "allowed"; readonly methods: readonly string[] }
  | { readonly kind: "forbidden"; readonly why: string; readonly tag: "issue" | "issuewild" }
  | { readonly kind: "unknown"; readonly why: string };

const space = /^[ \t]+|[ \t]+$/g;
const label = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?";
const domainPattern = new RegExp(`^${label}(?:\\.${label})*$`, "i");
const tagPattern = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;
// %x21-3A / %x3C-7E: everything visible but the semicolon.
const valuePattern = /^[!-:<-~]*$/;

/** The value of an `issue` or `issuewild` property; undefined: not by the grammar, which permits nobody (RFC 8659 §4.2). */
export const parsePermission = (text: string): IssuePermission | undefined => {
  const [head = "", ...rest] = text.split(";").map((part) => part.replaceAll(space, ""));
  if (head !== "" && !domainPattern.test(head)) return undefined;
  const parameters: { tag: string; value: string }[] = [];
  for (const part of rest) {
    // A semicolon may stand before no parameters at all, and never after the last one.
    if (part === "" && rest.length === 1) continue;
    const at = part.indexOf("=");
    const tag = part.slice(0, Math.max(0, at)).replaceAll(space, "");
    const value = part.slice(at + 1).replaceAll(space, "");
    if (at < 0 || !tagPattern.test(tag) || !valuePattern.test(value)) return undefined;
    parameters.push({ tag: tag.toLowerCase(), value });
  }
  return { domain: head.toLowerCase(), parameters };
};

/** Tags that CAs know: RFC 8659 §4, RFC 9495, CA/Browser Forum Baseline Requirements. */
const knownTags = new Set(["issue", "issuewild", "iodef", "issuemail", "issuevmc", "contactemail", "contactphone"]);

const most = 300;

/** One account may have more URLs than one (RFC 8555 says nothing against it; Let's Encrypt's are the same number at acme-v01 and acme-v02): whether such a one is ours is the CA's to say. */
const mayBe = (uri: string, account: string): boolean => {
  if (uri === account) return true;
  if (!URL.canParse(uri) || !URL.canParse(account)) return false;
  const [left, right] = [new URL(uri), new URL(account)];
  const last = ({ pathname }: URL): string => pathname.slice(pathname.lastIndexOf("/") + 1);
  const operator = ({ host }: URL): string => host.slice(host.indexOf(".") + 1);
  return last(left) !== "" && last(left) === last(right) && operator(left) === operator(right);
};

type Fit = { readonly methods: readonly string[] } | { readonly why: string };

/** Whether one property lets us: RFC 8657 §3 and §4. A parameter that comes twice can be met by nobody. */
const fit = (permission: IssuePermission, { account, methods }: CaaQuestion): Fit => {
  const valuesOf = (tag: string): readonly string[] =>
    permission.parameters.filter((one) => one.tag === tag).map(({ value }) => value);
  const [accounts, allowed] = [valuesOf("accounturi"), valuesOf("validationmethods")];
  if (accounts.length > 1 || allowed.length > 1) return { why: "names an accounturi or validationmethods twice" };
  const [uri] = accounts;
  if (uri !== undefined && (account === undefined || !mayBe(uri, account))) {
    const ours = account === undefined ? "a new account would be registered" : `ours is ${clean(account, most)}`;
    return { why: `is for the account ${clean(uri, most)}, and ${ours} (RFC 8657 §3)` };
  }
  const [list] = allowed;
  if (list === undefined) return { methods };
  const listed = new Set(list.toLowerCase().split(","));
  const usable = methods.filter((method) => listed.has(method));
  return usable.length > 0
    ? { methods: usable }
    : { why: `is for the validation methods ${clean(list, most)}, not for ${methods.join(" or ")} (RFC 8657 §4)` };
};

/** What the relevant record set (RFC 8659 §3, the climb's result) says. */
export const judgeCaa = (records: readonly CaaRecord[], question: CaaQuestion): CaaVerdict => {
  const strange = records.find(({ critical, tag }) => critical && !knownTags.has(tag.toLowerCase()));
  const tagged = (wanted: string): readonly CaaRecord[] => records.filter(({ tag }) => tag.toLowerCase() === wanted);
  const wild = question.wildcard ? tagged("issuewild") : [];
  const tag = wild.length > 0 ? "issuewild" : "issue";
  // A CA that does not say its names may not look at these records at all, being one of somebody's own (decision 0022).
  const nameless = question.identities.length === 0;
  const forbid = (why: string): CaaVerdict =>
    nameless
      ? { kind: "unknown", why: `${why}; but the CA does not say which name it answers to` }
      : { kind: "forbidden", why, tag };
  if (strange) return forbid(`the critical property "${clean(strange.tag, 60)}" is known to no CA (RFC 8659 §4.1)`);
  const relevant = wild.length > 0 ? wild : tagged("issue");
  if (relevant.length === 0) return { kind: "allowed", methods: question.methods };
  const parsed = relevant.map(({ value }) => ({ value, permission: parsePermission(value) }));
  const permissions = parsed.flatMap(({ permission }) =>
    permission === undefined || permission.domain === "" ? [] : [permission],
  );
  const broken = parsed.find(({ permission }) => permission === undefined);
  const but = broken ? `; "${clean(broken.value, most)}" permits nobody, because it is malformed (RFC 8659 §4.2)` : "";
  if (permissions.length === 0) return forbid(`no CA is permitted${but}`);
  const names = clean([...new Set(permissions.map(({ domain }) => domain))].join(", "), most);
  if (nameless) return { kind: "unknown", why: `${names} may issue, and the CA does not say which name it answers to` };
  const identities = new Set(question.identities.map((identity) => identity.toLowerCase()));
  const ours = permissions.filter(({ domain }) => identities.has(domain));
  if (ours.length === 0)
    return forbid(`only ${names} may issue, and this CA is ${clean(question.identities.join(", "), most)}${but}`);
  const fits = ours.map((permission) => fit(permission, question));
  const methods = fits.flatMap((one) => ("methods" in one ? one.methods : []));
  if (methods.length > 0) return { kind: "allowed", methods: question.methods.filter((one) => methods.includes(one)) };
  const why = fits.flatMap((one) => ("why" in one ? one.why : []))[0] ?? "";
  return forbid(`the record for ${clean(ours[0]?.domain ?? "", most)} ${why}${but}`);
};

/** The line that lets this CA issue to this account only, as a zone file has it. */
export const caaLine = (
  owner: string,
  identity: string,
  account: string | undefined,
  tag: "issue" | "issuewild" = "issue",
): string => `${owner}. IN CAA 0 ${tag} "${identity}${account === undefined ? "" : `; accounturi=${account}`}"`;
