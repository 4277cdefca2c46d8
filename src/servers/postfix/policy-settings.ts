// Postfix's parameters of TLS policy: what a profile wants of a service for people, and the little that is done for port 25.
import { isAtLeast } from "../version.ts";
import { groupsAreAsStrict, groupsIn, isAsStrict, protocolsAreAsStrict } from "../../domain/policy-strength.ts";
import { type TlsPolicy, hybridGroup, tlsVersions } from "../../domain/tls-policy.ts";

export interface PolicyWish {
  readonly parameter: string;
  readonly value: string;
  readonly why: string;
  readonly asStrict: (value: string) => boolean;
}

export const protocolsParameter = "smtpd_tls_mandatory_protocols";

/** All that is looked at. */
export const policyParameters: readonly string[] = [
  "smtpd_tls_security_level",
  "smtpd_tls_auth_only",
  protocolsParameter,
  "smtpd_tls_mandatory_ciphers",
  "smtpd_tls_mandatory_exclude_ciphers",
  "tls_preempt_cipherlist",
  "tls_eecdh_auto_curves",
  "smtpd_tls_eecdh_grade",
  "smtpd_tls_exclude_ciphers",
  "smtpd_tls_protocols",
  "smtpd_sasl_auth_enable",
];

type InEffect = (parameter: string) => string;

/** `>=` came with 3.6. */
const protocolList = ({ minimum }: TlsPolicy, version: string): string => {
  if (isAtLeast(version, [3, 6])) return `>=${minimum}`;
  return tlsVersions
    .slice(0, tlsVersions.indexOf(minimum))
    .map((old) => `!${old}`)
    .join(",");
};

/**
 * What "high" has besides the profile's suites, in OpenSSL's words: the lists themselves (tls_high_cipherlist, ...) also serve mail that is
 * sent, and Postfix's documentation asks to leave them alone (postconf(5)).
 */
const excluded = ["aNULL", "kRSA", "kDHE", "PSK", "SRP", "SHA1", "SHA256", "SHA384", "AESCCM", "ARIA", "CAMELLIA"];

const listed = (value: string): readonly string[] => value.split(/[\s,:]+/).filter((word) => word !== "");

const is =
  (wanted: string) =>
  (value: string): boolean =>
    value === wanted;

const groupsWish = (value: readonly string[], why: string, asStrict: (value: string) => boolean): PolicyWish => ({
  parameter: "tls_eecdh_auto_curves",
  value: value.join(","),
  why,
  asStrict,
});

/** A service where people hand in mail. `wrapped`: TLS from the first byte (465). */
export const submissionWishes = (
  policy: TlsPolicy,
  version: string,
  wrapped: boolean,
  inEffect: InEffect,
): readonly PolicyWish[] => {
  const everywhere = new Set(listed(inEffect("smtpd_tls_exclude_ciphers")));
  const theirs = listed(inEffect("smtpd_tls_mandatory_exclude_ciphers"));
  const lacking = excluded.filter((word) => !theirs.includes(word) && !everywhere.has(word));
  const hybrid = policy.groups.includes(hybridGroup);
  const beforeTls: readonly PolicyWish[] = wrapped
    ? []
    : [
        {
          parameter: "smtpd_tls_security_level",
          value: "encrypt",
          why: "no mail is taken before STARTTLS",
          asStrict: is("encrypt"),
        },
        { parameter: "smtpd_tls_auth_only", value: "yes", why: "no password in clear", asStrict: is("yes") },
      ];
  return [
    ...beforeTls,
    {
      parameter: protocolsParameter,
      value: protocolList(policy, version),
      why:
        policy.minimum === "TLSv1.3"
          ? "TLS 1.3 only: programs of before 2019 or so are shut out"
          : "TLS 1.0 and 1.1 are broken, and forbidden here (RFC 8997)",
      asStrict: (value) => protocolsAreAsStrict(value, policy.minimum),
    },
    {
      parameter: "smtpd_tls_mandatory_ciphers",
      value: "high",
      why: "strong ciphers only",
      asStrict: (value) => isAsStrict(["null", "export", "low", "medium", "high"], value, "high"),
    },
    {
      parameter: "smtpd_tls_mandatory_exclude_ciphers",
      value: [...theirs, ...lacking].join(","),
      why: "in TLS 1.2 forward secrecy and authenticated encryption only",
      asStrict: () => lacking.length === 0,
    },
    {
      parameter: "tls_preempt_cipherlist",
      value: "no",
      why: "all suites are good: the client knows which is fast for it",
      asStrict: is("no"),
    },
    {
      parameter: "smtpd_tls_eecdh_grade",
      value: "auto",
      why: "the list of groups counts with this grade alone",
      asStrict: is("auto"),
    },
    groupsWish(
      policy.groups,
      hybrid
        ? "post-quantum key exchange first, then the usual strong curves"
        : "strong curves only (this TLS library has no post-quantum key exchange yet)",
      (value) => groupsAreAsStrict(value, policy.groups),
    ),
  ];
};

/** Port 25: nothing is taken away from anybody, for a peer that finds no common ground delivers in clear. */
export const peerWishes = (hasHybrid: boolean, inEffect: InEffect): readonly PolicyWish[] => {
  const present = groupsIn(inEffect("tls_eecdh_auto_curves"));
  return [
    ...(inEffect("smtpd_sasl_auth_enable") === "yes"
      ? [{ parameter: "smtpd_tls_auth_only", value: "yes", why: "no password in clear", asStrict: is("yes") }]
      : []),
    // An empty list is OpenSSL's own, which has it.
    ...(hasHybrid && present.length > 0
      ? [
          groupsWish(
            [hybridGroup, ...present],
            "post-quantum key exchange as well; nothing is taken away here",
            (value) => groupsIn(value).includes(hybridGroup),
          ),
        ]
      : []),
  ];
};
