// What public CAA test suites ask, as facts in a table of our own: names, the records that stand there, and what the suite expects of a CA.
// SSLMate's caatestsuite.com (Apache-2.0, state of 2026) and the names of boulder's va/caa_test.go (MPL-2.0, 2024); no code of theirs.

/** `deny`: a CA must not issue. */
export type CaaVerdictOfSuite = "issue" | "deny";

export interface CaaRow {
  readonly name: string;
  /** Owner and what stands there: `issue "x"`, flags before it where there are some, `CNAME x`, `DNAME x`, or `SERVFAIL`. */
  readonly zone: Readonly<Record<string, readonly string[]>>;
  readonly suite: CaaVerdictOfSuite;
  /** Where we say otherwise. */
  readonly ours?: { readonly verdict: CaaVerdictOfSuite; readonly because: string };
}

const suite = "caatestsuite.com";
const deny = { [`deny.basic.${suite}`]: [`issue "${suite}"`] };
const bogus = (name: string): CaaRow => ({
  name: `${name}.caatestsuite-dnssec.com`,
  zone: { [`${name}.caatestsuite-dnssec.com`]: ["SERVFAIL"] },
  suite: "deny",
});

/** No CA may issue for any of these, whoever it is. */
export const caaTestSuite: readonly CaaRow[] = [
  { name: `empty.basic.${suite}`, zone: { [`empty.basic.${suite}`]: ['issue ";"'] }, suite: "deny" },
  { name: `deny.basic.${suite}`, zone: deny, suite: "deny" },
  {
    name: `uppercase-deny.basic.${suite}`,
    zone: { [`uppercase-deny.basic.${suite}`]: [`ISSUE "${suite}"`] },
    suite: "deny",
  },
  {
    name: `mixedcase-deny.basic.${suite}`,
    zone: { [`mixedcase-deny.basic.${suite}`]: [`IsSuE "${suite}"`] },
    suite: "deny",
  },
  {
    name: `big.basic.${suite}`,
    zone: {
      [`big.basic.${suite}`]: [
        ...Array.from({ length: 1000 }, (_, index) => `test${index + 1} "test"`),
        `issue "${suite}"`,
      ],
    },
    suite: "deny",
  },
  {
    name: `critical1.basic.${suite}`,
    zone: { [`critical1.basic.${suite}`]: ['128 caatestsuitedummyproperty "test"'] },
    suite: "deny",
  },
  {
    name: `critical2.basic.${suite}`,
    zone: { [`critical2.basic.${suite}`]: ['130 caatestsuitedummyproperty "test"'] },
    suite: "deny",
  },
  { name: `sub1.deny.basic.${suite}`, zone: deny, suite: "deny" },
  { name: `sub2.sub1.deny.basic.${suite}`, zone: deny, suite: "deny" },
  { name: `*.deny.basic.${suite}`, zone: deny, suite: "deny" },
  {
    name: `*.deny-wild.basic.${suite}`,
    zone: { [`deny-wild.basic.${suite}`]: [`issuewild "${suite}"`] },
    suite: "deny",
  },
  {
    name: `cname-deny.basic.${suite}`,
    zone: { ...deny, [`cname-deny.basic.${suite}`]: [`CNAME deny.basic.${suite}`] },
    suite: "deny",
  },
  {
    name: `cname-cname-deny.basic.${suite}`,
    zone: {
      ...deny,
      [`cname-deny.basic.${suite}`]: [`CNAME deny.basic.${suite}`],
      [`cname-cname-deny.basic.${suite}`]: [`CNAME cname-deny.basic.${suite}`],
    },
    suite: "deny",
  },
  {
    name: `sub1.cname-deny.basic.${suite}`,
    zone: { ...deny, [`cname-deny.basic.${suite}`]: [`CNAME deny.basic.${suite}`] },
    suite: "deny",
  },
  {
    name: `dname-deny.basic.${suite}`,
    zone: { ...deny, [`dname-deny.basic.${suite}`]: [`DNAME deny.basic.${suite}`] },
    suite: "deny",
    ours: {
      verdict: "issue",
      because: "RFC 6672 §2.1, RFC 8659 §3: a DNAME speaks of the names below it, and not of its own (erratum 5097)",
    },
  },
  {
    name: `x.dname-deny.basic.${suite}`,
    zone: {
      ...deny,
      [`x.deny.basic.${suite}`]: [`issue "${suite}"`],
      [`dname-deny.basic.${suite}`]: [`DNAME deny.basic.${suite}`],
    },
    suite: "deny",
  },
  {
    name: `cname-deny-sub.basic.${suite}`,
    zone: { ...deny, [`cname-deny-sub.basic.${suite}`]: [`CNAME sub.deny.basic.${suite}`] },
    suite: "deny",
    ours: {
      verdict: "issue",
      because: "RFC 8659 §3: above the target of an alias nobody climbs any more (erratum 5065 to RFC 6844)",
    },
  },
  {
    name: `deny.permit.basic.${suite}`,
    zone: {
      [`deny.permit.basic.${suite}`]: [`issue "${suite}"`],
      [`permit.basic.${suite}`]: ['issue "letsencrypt.org"'],
    },
    suite: "deny",
  },
  {
    name: `xss.${suite}`,
    zone: { [`xss.${suite}`]: ['issue "<script>document.title=1</script><img src=x>"'] },
    suite: "deny",
  },
  // All of them are SERVFAIL at a resolver that validates.
  ...["expired", "missing", "blackhole", "servfail", "refused"].map(bogus),
  { name: `auto-www-san.${suite}`, zone: { [`www.auto-www-san.${suite}`]: ['issue ";"'] }, suite: "issue" },
  { name: `www.auto-www-san.${suite}`, zone: { [`www.auto-www-san.${suite}`]: ['issue ";"'] }, suite: "deny" },
];

const le = "letsencrypt.org";
const uri = (id: number): string => `accounturi=https://letsencrypt.org/acct/reg/${id}`;
const at = (name: string, suiteSays: CaaVerdictOfSuite, records: readonly string[], ours?: CaaRow["ours"]): CaaRow => ({
  name,
  zone: { [name.replace(/^(?:\*|nx|child)\./, "")]: records },
  suite: suiteSays,
  ...(ours ? { ours } : {}),
});

/** Of the CA letsencrypt.org, the account 123 at https://letsencrypt.org/acct/reg/ and http-01. */
export const boulderNames: readonly CaaRow[] = [
  at("reserved.com", "deny", ['issue "ca.com"']),
  at("mixedcase.com", "deny", ['iSsUe "ca.com"']),
  at("critical.com", "deny", ['1 issue "ca.com"']),
  at("nx.critical.com", "deny", ['1 issue "ca.com"']),
  at("absent.com", "issue", []),
  at("example.co.uk", "issue", []),
  at("present.com", "issue", [`issue "${le}"`]),
  at("child.present.com", "issue", [`issue "${le}"`]),
  {
    name: "present.servfail.com",
    zone: { "present.servfail.com": [`issue "${le}"`], "servfail.com": ["SERVFAIL"] },
    suite: "issue",
  },
  {
    name: "servfail.present.com",
    zone: { "servfail.present.com": ["SERVFAIL"], "present.com": [`issue "${le}"`] },
    suite: "deny",
  },
  at("multi-crit-present.com", "issue", ['1 issue "ca.com"', `1 issue "${le}"`]),
  at("unknown-critical.com", "deny", ['128 foo "bar"']),
  at("unknown-critical2.com", "deny", ['1 foo "bar"'], {
    verdict: "issue",
    because:
      "RFC 8659 §4.1: bit 0, of value 128, is the critical one, and the others are ignored; Let's Encrypt takes value 1 for it as well",
  }),
  at("unknown-noncritical.com", "issue", ['126 foo "bar"']),
  at("present-with-parameter.com", "issue", [`issue "  ${le}  ;foo=bar;baz=bar"`]),
  at("present-with-invalid-tag.com", "deny", [`issue "${le}; a_b=123"`]),
  at("present-with-invalid-value.com", "deny", [`issue "${le}; ab=1 2 3"`]),
  at("present-dns-only.com", "deny", [`issue "${le}; validationmethods=dns-01"`]),
  at("present-http-only.com", "issue", [`issue "${le}; validationmethods=http-01"`]),
  at("present-http-or-dns.com", "issue", [`issue "${le}; validationmethods=http-01,dns-01"`]),
  at("present-correct-accounturi.com", "issue", [`issue "${le}; ${uri(123)}"`]),
  at("present-http-only-correct-accounturi.com", "issue", [`issue "${le}; ${uri(123)}; validationmethods=http-01"`]),
  at("present-dns-only-correct-accounturi.com", "deny", [`issue "${le}; ${uri(123)}; validationmethods=dns-01"`]),
  at("present-http-only-incorrect-accounturi.com", "deny", [`issue "${le}; ${uri(321)}; validationmethods=http-01"`]),
  at("present-incorrect-accounturi.com", "deny", [`issue "${le}; ${uri(321)}"`]),
  at("present-multiple-accounturi.com", "issue", [`issue "${le}; ${uri(321)}"`, `issue "${le}; ${uri(123)}"`]),
  at("unsatisfiable.com", "deny", ['issue ";"']),
  at("*.unsatisfiable.com", "deny", ['issue ";"']),
  at("*.unsatisfiable-wildcard.com", "deny", ['issuewild ";"']),
  at("*.unsatisfiable-wildcard-override.com", "deny", [`issue "${le}"`, 'issuewild "ca.com"']),
  at("*.satisfiable-wildcard.com", "issue", [`issuewild "${le}"`]),
  at("*.satisfiable-multi-wildcard.com", "issue", ['issuewild "ca.com"', `issuewild "${le}"`]),
  at("*.satisfiable-wildcard-override.com", "issue", ['issue "ca.com"', `issuewild "${le}"`]),
];

export interface ValueRow {
  readonly value: string;
  /** undefined: not by the grammar. */
  readonly suite: { readonly domain: string; readonly parameters: Readonly<Record<string, string>> } | undefined;
  /** Where we read it otherwise. */
  readonly ours?: { readonly parameters: Readonly<Record<string, string>>; readonly because: string };
}

const read = (value: string, domain: string, parameters: Readonly<Record<string, string>> = {}): ValueRow => ({
  value,
  suite: { domain, parameters },
});
const unread = (value: string): ValueRow => ({ value, suite: undefined });

/** How boulder reads the value of `issue`. */
export const boulderValues: readonly ValueRow[] = [
  read("", ""),
  read(";", ""),
  read(" ; ", ""),
  read(le, le),
  read(`${le};`, le),
  read(`  ${le}\t;foo=bar;baz=bar`, le, { foo: "bar", baz: "bar" }),
  read(`\t${le} ;foo=bar;baz=bar`, le, { foo: "bar", baz: "bar" }),
  read(`${le}; foo=; baz =\tbar`, le, { foo: "", baz: "bar" }),
  read(`${le}; foo=\t; baz =\tbar`, le, { foo: "", baz: "bar" }),
  read(`${le}; foo=b1,b2,b3\t; baz =\t\ta=b\t`, le, { foo: "b1,b2,b3", baz: "a=b" }),
  read(`${le}; 1=2; baz=a-b`, le, { "1": "2", baz: "a-b" }),
  unread(`${le}; foo=b1,b2,b3\t; baz =\t\ta = b\t`),
  unread(`${le}; foo=b1,b2,b3\t; baz=a=\tb`),
  unread(`${le}; foo=b1,b2,b3\t; baz =\t\ta;b\t`),
  unread(`${le}; a_b=123`),
  unread(`${le}; ab=1 2 3`),
  unread(`${le}; foo=a\u2615b`),
  unread(`${le}; foo=b1,b2,b3 baz=a`),
  {
    ...unread(`${le}; 1=2; a-b=c`),
    ours: {
      parameters: { "1": "2", "a-b": "c" },
      because: "RFC 8659 §4.2: a parameter's tag may have hyphens; Let's Encrypt reads it by RFC 6844",
    },
  },
];

/** How boulder compares a value of validationmethods (RFC 8657 §4) with a method. */
export const boulderMethods: readonly (readonly [string, string, CaaVerdictOfSuite])[] = [
  [",", "http-01", "deny"],
  ["howdy !", "http-01", "deny"],
  ["tls-sni-01", "http-01", "deny"],
  ["http-01", "http-01", "issue"],
  ["dns-01", "http-01", "deny"],
  ["http-01,dns-01", "http-01", "issue"],
  ["http-01,dns-01", "dns-01", "issue"],
  ["http-01,dns-01", "tls-alpn-01", "deny"],
];

export interface AccountRow {
  readonly pinned: string;
  /** Ours; boulder knows by which further URLs it is known. */
  readonly account: string;
  readonly suite: CaaVerdictOfSuite;
  readonly ours?: CaaRow["ours"];
}

const v01 = "https://acme-v01.api.letsencrypt.org/acme/reg/";
const v02 = "https://acme-v02.api.letsencrypt.org/acme/acct/";

/** How boulder compares accounturi (RFC 8657 §3) with an account. */
export const boulderAccounts: readonly AccountRow[] = [
  { pinned: `${v01}123456`, account: `${v01}123456`, suite: "issue" },
  { pinned: `${v01}123456`, account: `${v01}123457`, suite: "deny" },
  { pinned: `${v01}123456`, account: `${v02}123456`, suite: "issue" },
  { pinned: `${v02}123456`, account: `${v02}654321`, suite: "deny" },
  { pinned: "\\invalid/123456", account: `${v02}123456`, suite: "deny" },
  {
    pinned: `${v02}123456`,
    account: "https://acme-v03.api.letsencrypt.org/acme/acct/123456",
    suite: "deny",
    ours: {
      verdict: "issue",
      because:
        "which further URLs an account of the same number has at the same operator is known to the CA alone; the order is placed, and the CA says (decision 0022)",
    },
  },
];
