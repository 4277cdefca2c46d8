// The configuration, strictly: what is accepted, and every problem with its line, column and hint.
import { describe, expect, test } from "vitest";
import { parseConfig } from "../../src/config/parse.ts";
import { configFailure, problemLine } from "../../src/config/problem.ts";
import type { CertificateConfig } from "../../src/domain/certificate-config.ts";
import { acmeCas } from "../../src/domain/acme-directories.ts";
import { configText } from "../../src/reports/config.ts";
import { usualAcme, usualCertificate } from "../fakes/settings.ts";

const parse = (...texts: string[]) =>
  parseConfig(texts.map((text, index) => ({ path: index === 0 ? "main.yaml" : `conf.d/${index}.yaml`, text })));

const configOf = (...texts: string[]): readonly CertificateConfig[] => {
  const result = parse(...texts);
  if ("problems" in result) throw configFailure(result.problems);
  return result.config.certificates;
};

const problemsOf = (...texts: string[]): readonly string[] => {
  const result = parse(...texts);
  return "problems" in result ? result.problems.map(problemLine) : [];
};

const entry = (lines: string): string => `certificates:\n  mail.example.org:\n${lines.replace(/^/gm, "    ")}\n`;

describe("what is accepted", () => {
  test("the complete config of one host in design.md §5", () => {
    expect(configOf(entry("issuer: letsencrypt\nemail: postmaster@example.org"))).toEqual([
      {
        name: "mail.example.org",
        names: ["mail.example.org"],
        keys: ["ecdsa"],
        issuer: {
          kind: "acme",
          directory: "https://acme-v02.api.letsencrypt.org/directory",
          ca: "letsencrypt",
          email: "postmaster@example.org",
          agreeTos: false,
          ...usualAcme,
          httpAddress: ":80",
        },
        servers: "auto",
        ...usualCertificate,
      },
    ]);
  });

  test("an entry without any setting has every default", () => {
    expect(configOf("certificates:\n  Mail.Example.ORG:\n")).toEqual([
      {
        name: "mail.example.org",
        names: ["mail.example.org"],
        keys: ["ecdsa"],
        issuer: { kind: "private-ca", ca: "default", days: 397 },
        servers: "auto",
        ...usualCertificate,
      },
    ]);
  });

  test("every setting, and names in their canonical form", () => {
    const text = `schema: 1
certificates:
  office:
    names: [Münchenmail.example, "*.example.net", 192.0.2.1, "2001:DB8::1"]
    issuer: private-ca
    ca: office
    ca_domains: [example.net, münchenmail.example]
    days: 90
    key: [rsa-3072, ecdsa-p384]
    servers: [postfix, dovecot]
    bundle: /srv/bundle
    sign_profile: live
    account_domain: Münchenmail.example
    account_login: local-part
    bundle_url: https://www.example.org/mail
    reuse_key: false
    on_dead_name: drop
  acme.example.org:
    issuer: acme
    acme: https://ca.example.org:14000/dir
    email: Post.Master@MÜNCHEN.example
    agree_tos: true
    ca_file: /etc/pebble.pem
    challenge: http-01
    http_address: "[2001:db8::1]:8080"
    webroot: /srv/www
    tls_alpn_address: ":8443"
    dns: office
    eab_kid: Abc-1
    eab_hmac_file: /etc/mailcert/secrets/eab
    profile: [shortlived, tlsserver]
    profile_rsa: classic
    preferred_chain: ISRG Root X1
    days: 10
    csr: /etc/mailcert/office.csr
    servers: none
  quick.example.org: { issuer: self-signed, days: 7 }
`;
    expect(configOf(text)).toEqual([
      {
        name: "office",
        names: ["xn--mnchenmail-9db.example", "*.example.net", "192.0.2.1", "2001:db8::1"],
        keys: ["rsa-3072", "ecdsa-p384"],
        issuer: {
          kind: "private-ca",
          ca: "office",
          caDomains: ["example.net", "xn--mnchenmail-9db.example"],
          days: 90,
        },
        servers: ["postfix", "dovecot"],
        bundle: "/srv/bundle",
        signProfile: "live",
        account: { domain: "xn--mnchenmail-9db.example", login: "local-part" },
        bundleUrl: "https://www.example.org/mail/",
        ...usualCertificate,
        reuseKey: false,
        onDeadName: "drop",
      },
      {
        name: "acme.example.org",
        names: ["acme.example.org"],
        keys: ["ecdsa"],
        issuer: {
          kind: "acme",
          directory: "https://ca.example.org:14000/dir",
          email: "Post.Master@xn--mnchen-3ya.example",
          agreeTos: true,
          caFile: "/etc/pebble.pem",
          ...usualAcme,
          httpAddress: "[2001:db8::1]:8080",
          webroot: "/srv/www",
          tlsAlpnAddress: ":8443",
          dns: "office",
          eab: { kid: "Abc-1", hmacFile: "/etc/mailcert/secrets/eab" },
          profiles: ["shortlived", "tlsserver"],
          rsaProfiles: ["classic"],
          preferredChain: "ISRG Root X1",
          days: 10,
        },
        servers: [],
        ...usualCertificate,
        csr: "/etc/mailcert/office.csr",
      },
      {
        name: "quick.example.org",
        names: ["quick.example.org"],
        keys: ["ecdsa"],
        issuer: { kind: "self-signed", days: 7 },
        servers: "auto",
        ...usualCertificate,
      },
    ]);
  });

  test("a list of issuers: the first, and the same at the others", () => {
    const [certificate] = configOf(entry("issuer: [letsencrypt, letsencrypt-staging]\nemail: a@example.org"));
    if (certificate?.issuer.kind !== "acme") throw new Error("no ACME issuer");
    const { ca: _ca, ...rest } = certificate.issuer;
    expect(certificate?.fallbacks).toEqual([
      { ...rest, ca: "letsencrypt-staging", directory: acmeCas["letsencrypt-staging"].directory },
    ]);
  });

  test("a list of directories: the first, the others, then CAs by their names", () => {
    const [certificate] = configOf(
      entry("issuer: [acme, letsencrypt]\nacme: [https://a.example/dir, https://b.example/dir]\nemail: a@example.org"),
    );
    if (certificate?.issuer.kind !== "acme") throw new Error("no ACME issuer");
    const at = [certificate.issuer, ...certificate.fallbacks].map(({ ca, directory, email }) => [ca, directory, email]);
    expect(at).toEqual([
      [undefined, "https://a.example/dir", "a@example.org"],
      [undefined, "https://b.example/dir", "a@example.org"],
      ["letsencrypt", acmeCas.letsencrypt.directory, "a@example.org"],
    ]);
  });

  test("an account binding belongs to one CA: the first one's to the first, the others' to those that eab: names", () => {
    const [certificate] = configOf(
      entry(
        [
          "issuer: [acme, google, zerossl, letsencrypt]",
          "acme: [https://a.example/dir, https://b.example/dir]",
          "eab_kid: first",
          "eab_hmac_file: /secrets/first",
          "eab:",
          "  google: { kid: g-1, hmac_file: /secrets/google }",
          "  https://b.example/dir: { kid: b-1, hmac_file: /secrets/b }",
        ].join("\n"),
      ),
    );
    if (certificate?.issuer.kind !== "acme") throw new Error("no ACME issuer");
    expect([certificate.issuer, ...certificate.fallbacks].map(({ eab }) => eab)).toEqual([
      { kid: "first", hmacFile: "/secrets/first" },
      { kid: "b-1", hmacFile: "/secrets/b" },
      { kid: "g-1", hmacFile: "/secrets/google" },
      undefined,
      undefined,
    ]);
    // What is shown could be used as it is.
    expect(configOf(configText("x", { certificates: [certificate] }))).toEqual([certificate]);
  });

  test("trust in a CA of one's own is not asked of those that the whole world knows", () => {
    const files = (text: string) => {
      const [certificate] = configOf(entry(`${text}\nca_file: /roots.pem`));
      if (certificate?.issuer.kind !== "acme") throw new Error("no ACME issuer");
      return [certificate.issuer, ...certificate.fallbacks].map(({ caFile }) => caFile);
    };
    const own = "issuer: [acme, letsencrypt]\nacme: [https://a.example/dir, https://b.example/dir]";
    expect(files(own)).toEqual(["/roots.pem", "/roots.pem", undefined]);
    // Where the first is known as well, something in between needs it.
    expect(files("issuer: [letsencrypt, zerossl]")).toEqual(["/roots.pem", "/roots.pem"]);
  });

  test("conf.d files add their certificates in order; one of them may be empty", () => {
    const names = configOf(
      "# nothing here\n",
      "certificates: { b.example.org: }",
      "",
      "certificates: { a.example.org: }",
    );
    expect(names.map(({ name }) => name)).toEqual(["b.example.org", "a.example.org"]);
  });

  test("places say where each certificate stands", () => {
    const result = parse("certificates:\n  a.example.org:\n", "\ncertificates:\n  b.example.org:\n");
    expect("places" in result ? [...result.places] : []).toEqual([
      ["a.example.org", { file: "main.yaml", line: 2 }],
      ["b.example.org", { file: "conf.d/1.yaml", line: 3 }],
    ]);
  });
});

describe("what is refused, with its place", () => {
  const rows: readonly [title: string, text: string, problems: readonly string[]][] = [
    ["an empty file", "", ["main.yaml:1:1: the file is empty"]],
    ["comments only", "# later\n", ["main.yaml:1:1: the file names no certificate"]],
    ["schema only", "schema: 1\n", ["main.yaml:1:1: the file names no certificate"]],
    ["a list", "- a\n", ["main.yaml:1:1: the file must be a mapping (key: value), not a list"]],
    ["a text", "hello\n", ["main.yaml:1:1: the file must be a mapping (key: value), not a text"]],
    ["certificates without entries", "certificates:\n", ["main.yaml:1:1: certificates has no entry"]],
    [
      "certificates as a list",
      "certificates:\n  - mail.example.org\n",
      ["main.yaml:2:3: certificates must be a mapping (key: value), not a list"],
    ],
    ["an unknown key at the top", "certficates: {}\n", ['main.yaml:1:1: unknown key "certficates" in the file']],
    [
      "an unknown key",
      entry("isuer: letsencrypt"),
      ['main.yaml:3:5: unknown key "isuer" in certificate "mail.example.org"'],
    ],
    [
      "a duplicate key",
      entry("days: 1\ndays: 2"),
      ['main.yaml:4:5: duplicate key "days" in certificate "mail.example.org"'],
    ],
    [
      "a certificate twice in one file",
      "certificates:\n  a.example.org:\n  a.example.org:\n",
      ['main.yaml:3:3: duplicate key "a.example.org" in certificates'],
    ],
    [
      "a certificate twice in other letters",
      "certificates:\n  a.example.org:\n  A.example.org:\n",
      ['main.yaml:3:3: a second certificate with the name "a.example.org"'],
    ],
    [
      "a newer schema, and nothing else about that file",
      "schema: 2\nfuture: 1\n",
      ["main.yaml:1:9: the file has schema 2; this mailcert knows 1"],
    ],
    ["schema 0", "schema: 0\ncertificates: {}\n", ["main.yaml:1:9: there is no schema 0"]],
    [
      "a schema in words",
      "schema: one\ncertificates: {}\n",
      ["main.yaml:1:9: schema must be a whole number, not a text"],
    ],
    ["an unknown issuer", entry("issuer: letsencrypted"), ['main.yaml:3:13: unknown issuer "letsencrypted"']],
    ["an unknown key algorithm", entry("key: dsa"), ['main.yaml:3:10: unknown key algorithm "dsa"']],
    [
      "two keys of one kind",
      entry("key: [rsa, rsa-4096]"),
      ["main.yaml:3:16: rsa and rsa-4096 are keys of the same kind"],
    ],
    ["an unknown server", entry("servers: [dovecot, sendmail]"), ['main.yaml:3:24: unknown server "sendmail"']],
    [
      "auto beside a server",
      entry("servers: [auto, dovecot]"),
      ['main.yaml:3:15: "auto" cannot stand beside other servers'],
    ],
    [
      "a directory twice, and one that is none",
      entry("issuer: acme\nacme: [https://a.example/dir, https://a.example/dir, http://b.example/dir]"),
      [
        "main.yaml:4:35: the directory is listed twice",
        'main.yaml:4:58: "http://b.example/dir" is not an https URL (RFC 8555 §6.1)',
      ],
    ],
    [
      "a csr with an issuer that signs here",
      entry("csr: /a.csr\nservers: none"),
      ["main.yaml:3:10: csr goes with an ACME issuer only"],
    ],
    [
      "a csr for servers here",
      entry("issuer: letsencrypt\ncsr: /a.csr"),
      [
        "main.yaml:4:10: csr goes with servers: none only: mailcert does not have the key that a mail server would need",
      ],
    ],
    [
      "a csr with two keys",
      entry("issuer: letsencrypt\ncsr: /a.csr\nservers: none\nkey: [ecdsa, rsa]"),
      ["main.yaml:4:10: csr has one key"],
    ],
    [
      "a csr with a new key at each renewal",
      entry("issuer: letsencrypt\ncsr: /a.csr\nservers: none\nreuse_key: false"),
      ["main.yaml:4:10: csr and reuse_key: false do not go together"],
    ],
    [
      "a csr that names are to be left out of",
      entry("issuer: letsencrypt\ncsr: /a.csr\nservers: none\non_dead_name: drop"),
      ["main.yaml:4:10: csr and on_dead_name: drop do not go together"],
    ],
    [
      "dns-01 without an updater",
      entry("issuer: letsencrypt\nchallenge: [dns-persist-01, dns-01]"),
      ["main.yaml:4:5: dns-01 needs to know how DNS is changed"],
    ],
    [
      "an unknown challenge",
      entry("issuer: letsencrypt\nchallenge: [http-01, dns-99, http-01]"),
      ['main.yaml:4:26: unknown challenge "dns-99"', "main.yaml:4:34: the challenge http-01 is listed twice"],
    ],
    [
      "a mistyped CA in a list of issuers",
      entry("issuer: [letsencrypt, zerosl]"),
      ['main.yaml:3:27: unknown issuer "zerosl"'],
    ],
    [
      "a preferred chain that no chain could be, a profile twice",
      entry("issuer: letsencrypt\npreferred_chain: sha256:zz\nprofile: [tlsserver, shortlived, tlsserver]"),
      [
        'main.yaml:4:22: preferred_chain: "sha256:zz" is not sha256: with the 64 hexadecimal digits of a public key\'s hash',
        'main.yaml:5:38: profile: "tlsserver" is listed twice',
      ],
    ],
    [
      "issuers of which one is no ACME CA, and one twice",
      entry("issuer: [letsencrypt, private-ca, letsencrypt]"),
      [
        'main.yaml:3:27: "private-ca" cannot stand in a list of issuers',
        "main.yaml:3:39: the issuer letsencrypt is listed twice",
      ],
    ],
    [
      "half an external account binding",
      entry("issuer: letsencrypt\neab_kid: x"),
      ["main.yaml:4:5: eab_kid and eab_hmac_file go together"],
    ],
    [
      "an account binding for a CA that is not asked, or for the first",
      entry(
        "issuer: [zerossl, google]\neab:\n  zerossl: { kid: x, hmac_file: /x }\n  buypass: { kid: x, hmac_file: /x }",
      ),
      [
        'main.yaml:5:7: eab: "zerossl" is none of the issuers after the first (they are google)',
        'main.yaml:6:7: eab: "buypass" is none of the issuers after the first (they are google)',
      ],
    ],
    [
      "account bindings that are none",
      entry(
        "issuer: [letsencrypt, google, zerossl]\neab:\n  google: { kid: x, hmac: /x }\n  zerossl: { kid: x, hmac_file: x }",
      ),
      [
        'main.yaml:5:7: eab of "google" needs kid and hmac_file',
        'main.yaml:5:25: unknown key "hmac" in eab of "google"',
        'main.yaml:6:37: hmac_file: "x" is not an absolute path',
      ],
    ],
    [
      "account bindings as a text",
      entry("issuer: [letsencrypt, google]\neab: x"),
      ["main.yaml:4:10: eab must be a mapping (key: value), not a text"],
    ],
    [
      "a DNS updater that is no name",
      entry("issuer: letsencrypt\ndns: ../x"),
      ['main.yaml:4:10: dns: "../x" is not such a name'],
    ],
    [
      "a path that is none",
      entry("issuer: letsencrypt\nwebroot: www"),
      ['main.yaml:4:14: webroot: "www" is not an absolute path'],
    ],
    [
      "neither fail nor drop",
      entry("on_dead_name: ignore"),
      ['main.yaml:3:19: on_dead_name: "ignore" is neither fail nor drop nor order'],
    ],
    ["a bad name", entry("names: [mail example.org]"), ['main.yaml:3:13: "mail example.org" has a space in it']],
    [
      "a name twice",
      entry("names: [mail.example.org, MAIL.example.org]"),
      ['main.yaml:3:31: the name "MAIL.example.org" is listed twice'],
    ],
    ["a number as a name", entry("names: [1.5]"), ["main.yaml:3:13: an item of names must be a text, not a number"]],
    ["names without items", entry("names: []"), ["main.yaml:3:12: names is an empty list"]],
    [
      "a certificate's name that is no host name, without names",
      "certificates:\n  office:\n",
      ['main.yaml:2:3: "office" is not a fully qualified host name (it has no dot)'],
    ],
    [
      "a certificate's name that leaves its folder",
      "certificates:\n  ../x: { names: [mail.example.org] }\n",
      ['main.yaml:2:3: the certificate\'s name "../x" has two dots together'],
    ],
    ["a value that is missing", entry("email:\nissuer: letsencrypt"), ["main.yaml:3:5: email has no value"]],
    [
      "a bad e-mail address",
      entry("issuer: letsencrypt\nemail: postmaster"),
      ['main.yaml:4:12: "postmaster" is not an e-mail address'],
    ],
    [
      "yes instead of true",
      entry("issuer: letsencrypt\nagree_tos: yes"),
      ["main.yaml:4:16: agree_tos must be true or false, not a text"],
    ],
    [
      "an issuer's setting with another issuer",
      entry("issuer: private-ca\nemail: a@example.org"),
      ["main.yaml:4:5: email means nothing with issuer private-ca"],
    ],
    ["acme without a directory", entry("issuer: acme"), ["main.yaml:3:13: issuer: acme does not say which CA"]],
    [
      "a directory without TLS",
      entry("issuer: acme\nacme: http://ca.example.org/dir"),
      ['main.yaml:4:11: "http://ca.example.org/dir" is not an https URL (RFC 8555 §6.1)'],
    ],
    [
      "a directory with a password, which is not repeated",
      entry("issuer: acme\nacme: https://u:secret@ca.example.org/"),
      ["main.yaml:4:11: the URL has a user name or password in it"],
    ],
    [
      "a directory beside a known CA",
      entry("issuer: letsencrypt-staging\nacme: https://ca.example.org/dir"),
      ["main.yaml:4:5: acme and issuer: letsencrypt-staging both name a CA"],
    ],
    [
      "a listener by name",
      entry("issuer: letsencrypt\nhttp_address: localhost:80"),
      ['main.yaml:4:19: http_address: "localhost:80" is not an address'],
    ],
    [
      "a signer that is neither live nor a path",
      entry("sign_profile: own.pem"),
      ['main.yaml:3:19: sign_profile: "own.pem" is not an absolute path'],
    ],
    [
      "an address that anybody can change on its way",
      entry("bundle_url: http://www.example.org/"),
      [
        'main.yaml:3:17: bundle_url: "http://www.example.org/" is not an https URL: what people trust must not be changed on its way',
      ],
    ],
    ["a relative path", entry("bundle: out"), ['main.yaml:3:13: bundle: "out" is not an absolute path']],
    [
      "accounts of no domain, and a name of no form",
      entry("account_domain: alice@example.org\naccount_login: adress"),
      [
        'main.yaml:3:21: account_domain: "alice@example.org" is no mail domain',
        'main.yaml:4:20: account_login: "adress" is neither address nor local-part',
      ],
    ],
    ["too many days", entry("days: 826"), ["main.yaml:3:11: days must be at most 825"]],
    ["no days", entry("days: 0"), ["main.yaml:3:11: days must be at least 1"]],
    ["half a day", entry("days: 0.5"), ["main.yaml:3:11: days must be a whole number, not a number"]],
    [
      "the star beside domains",
      entry('ca_domains: ["*", example.org]'),
      ['main.yaml:3:18: ca_domains has "*" (no constraint) and domains'],
    ],
    [
      "an entry that is a list",
      "certificates:\n  a.example.org: [x]\n",
      ['main.yaml:2:18: certificate "a.example.org" must be a mapping (key: value), not a list'],
    ],
    [
      "an alias",
      "certificates:\n  a.example.org: &x { days: 1 }\n  b.example.org: *x\n",
      ["main.yaml:3:18: the alias *x is not supported"],
    ],
    [
      "a wildcard without quotes, which is an alias to YAML",
      entry("names: [mail.example.org, *.example.org]"),
      ["main.yaml:3:31: *.example.org without quotes is no name for YAML"],
    ],
    ["a tab", "certificates:\n\ta: 1\n", ["main.yaml:2:1: not valid YAML: a tab is used to indent"]],
    [
      "two documents",
      "certificates: {}\n---\ncertificates: {}\n",
      ["main.yaml:2:1: a second YAML document begins here"],
    ],
    ["a tag", entry("issuer: !secret x"), ["main.yaml:3:13: not valid YAML: Unresolved tag: !secret"]],
    [
      "a list as a key",
      "certificates:\n  ? [a]\n  : {}\n",
      ["main.yaml:2:5: a key in certificates must be a plain word"],
    ],
  ];
  test.each(rows)("%s", (_title, text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  test("a hint names what was meant", () => {
    const result = parse(entry("agree-tos: true\nisuer: letsencript\nkey: ecdas"));
    expect("problems" in result ? result.problems.map(({ hint }) => hint?.split("?")[0]) : []).toEqual([
      "did you mean agree_tos",
      "did you mean issuer",
      "did you mean ecdsa",
    ]);
  });

  test("a hint never says the opposite of what was meant", () => {
    const hintOf = (line: string): string | undefined => {
      const result = parse(entry(`issuer: letsencrypt\n${line}`));
      return "problems" in result ? result.problems[0]?.hint : undefined;
    };
    expect(hintOf("reuse_key: no")).toBe("write reuse_key: false");
    expect(hintOf("reuse_key: Off")).toBe("write reuse_key: false");
    expect(hintOf("reuse_key: yes")).toBe("write reuse_key: true");
    expect(hintOf("agree_tos: 1")).toBe("write agree_tos: true");
    expect(hintOf("reuse_key: maybe")).toBe("write reuse_key: true or reuse_key: false");
    expect(hintOf("http_address: 80")).toBe('write http_address: ":80"');
    expect(hintOf("tls_alpn_address: 8443")).toBe('write tls_alpn_address: ":8443"');
    expect(hintOf("challenge: dns-01")).toContain("docs/dns.md");
  });

  test("all problems of all files at once, in order; a broken file does not hide the others", () => {
    const found = problemsOf(
      "certificates:\n  a.example.org: { day: 1 }\n  b b: { days: x, key: dsa }\n",
      "certificates: [\n",
      "certificates:\n  A.example.org:\n",
    );
    expect(found.map((line) => line.split(":").slice(0, 3).join(":"))).toEqual([
      "main.yaml:2:20",
      "main.yaml:3:3",
      "main.yaml:3:3",
      "main.yaml:3:16",
      "main.yaml:3:24",
      "conf.d/1.yaml:2:1",
      "conf.d/2.yaml:2:3",
    ]);
  });

  test("one folder for two bundles", () => {
    const text = "certificates:\n  a.example.org: { bundle: /srv/x }\n  b.example.org: { bundle: /srv/x }\n";
    expect(problemsOf(text)).toEqual([
      'main.yaml:3:3: "b.example.org" and "a.example.org" write their bundles into one folder',
    ]);
  });
});

describe("hostile files end quickly", () => {
  test("a billion laughs is refused alias by alias", () => {
    const lines = ["a: &a [x, x]"];
    for (let i = 1; i < 30; i += 1) lines.push(`a${i}: &a${i} [*a${i > 1 ? i - 1 : ""}, *a${i > 1 ? i - 1 : ""}]`);
    expect(problemsOf(`certificates: *a29\n${lines.join("\n")}\n`)).toContain(
      "main.yaml:1:15: the alias *a29 is not supported",
    );
  });
  test("deep nesting", () => {
    const [first, ...others] = problemsOf(`certificates: ${"[".repeat(50_000)}`);
    expect(first).toMatch(/^main\.yaml:1:\d+: it is nested too deeply$/);
    expect(others).toEqual([]);
  });
  test("a control character in a value cannot forge a line of the message", () => {
    expect(problemsOf(entry('issuer: "x\\n\\e[2Jmailcert: done"'))).toEqual([
      'main.yaml:3:13: unknown issuer "x [2Jmailcert: done"',
    ]);
  });
  test("more than 4 MiB", () => {
    expect(problemsOf(`#${"x".repeat(5 << 20)}`)).toEqual(["main.yaml:1:1: the file is larger than 4 MiB"]);
  });
});

test("the failure is one message: with its hint alone, or with all problems", () => {
  const one = parse("");
  const two = parse(entry("day: 1\nnams: x"));
  expect("problems" in one && configFailure(one.problems)).toMatchObject({
    kind: "config",
    message: "main.yaml:1:1: the file is empty",
  });
  expect("problems" in two && configFailure(two.problems).message).toMatch(
    /^the configuration has 2 problems:\n {2}main\.yaml:3:5: .*\n {4}did you mean days\?.*\n {2}main\.yaml:4:5: /,
  );
});
