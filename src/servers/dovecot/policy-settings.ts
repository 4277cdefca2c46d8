// Dovecot's settings of TLS policy: what 2.3 and 2.4 call them, what a profile wants of each, and whether a value is as strict already.
import { groupsAreAsStrict, isAsStrict, suitesAreAsStrict } from "../../domain/policy-strength.ts";
import type { TlsPolicy } from "../../domain/tls-policy.ts";
import type { Block } from "./doveconf.ts";
import type { Generation } from "./generation.ts";

export type PolicyKey = "ssl" | "cleartext" | "minimum" | "suites" | "groups" | "order";

export const policyKeys: readonly PolicyKey[] = ["ssl", "cleartext", "minimum", "suites", "groups", "order"];

/** As written in a configuration file, outside any `ssl_server {}`. */
export const namesOf = ({ version }: Pick<Generation, "version">): Readonly<Record<PolicyKey, string>> => ({
  ssl: "ssl",
  minimum: "ssl_min_protocol",
  suites: "ssl_cipher_list",
  groups: "ssl_curve_list",
  ...(version === "2.3"
    ? { order: "ssl_prefer_server_ciphers", cleartext: "disable_plaintext_auth" }
    : { order: "ssl_server_prefer_ciphers", cleartext: "auth_allow_cleartext" }),
});

export interface Wish {
  readonly value: string;
  readonly why: string;
  readonly asStrict: (value: string) => boolean;
}

const is =
  (wanted: string) =>
  (value: string): boolean =>
    value.toLowerCase() === wanted;

export const wishesOf = (
  policy: TlsPolicy,
  { version }: Pick<Generation, "version">,
): Readonly<Record<PolicyKey, Wish>> => {
  const [open, order] = version === "2.3" ? ["yes", "no"] : ["no", "client"];
  const modern = policy.minimum === "TLSv1.3";
  return {
    ssl: {
      value: "required",
      why: "no login before TLS, from any network (this host itself counts as secured)",
      asStrict: is("required"),
    },
    cleartext: { value: open, why: "no password in clear", asStrict: is(open) },
    minimum: {
      value: policy.minimum,
      why: modern
        ? "TLS 1.3 only: programs of before 2019 or so are shut out"
        : "TLS 1.0 and 1.1 are broken (RFC 8996)",
      asStrict: (value) =>
        isAsStrict(["any", "sslv3", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3", "latest"], value, policy.minimum),
    },
    suites: {
      value: policy.suites.join(":"),
      why: "in TLS 1.2 forward secrecy and authenticated encryption only",
      asStrict: (value) => suitesAreAsStrict(value, policy.suites),
    },
    groups: {
      value: policy.groups.join(":"),
      why: policy.groups.some((group) => group.includes("MLKEM"))
        ? "post-quantum key exchange first, then the usual strong curves"
        : "strong curves only (this TLS library has no post-quantum key exchange yet)",
      asStrict: (value) => groupsAreAsStrict(value, policy.groups),
    },
    order: {
      value: order,
      why: "all suites are good: the client knows which is fast for it",
      asStrict: is(order),
    },
  };
};

/** What a block itself sets, `ssl_server { prefer_ciphers = }` of 2.4 included. */
export const policyIn = (block: Block, names: Readonly<Record<PolicyKey, string>>): ReadonlyMap<PolicyKey, string> => {
  const found = new Map<PolicyKey, string>();
  const inner = block.blocks.filter(({ name }) => name === "ssl_server");
  for (const key of policyKeys) {
    const short = names[key].replace(/^ssl_server_/, "");
    const nested = short === names[key] ? undefined : inner.flatMap(({ settings }) => settings.get(short) ?? []).at(-1);
    const value = block.settings.get(names[key]) ?? nested;
    if (value !== undefined) found.set(key, value);
  }
  return found;
};
