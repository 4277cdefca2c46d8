// Pre-flight of dns-persist-01 without an updater: is there a record that lets this CA and account validate each name?
import type { AcmeSettings, CertificateConfig } from "../domain/certificate-config.ts";
import type { Finding } from "../domain/finding.ts";
import { isIpName } from "../domain/names.ts";
import { persistAllows, persistValue } from "../domain/persist-record.ts";
import type { CaFacts } from "../issuers/issuer.ts";
import { dnsDeadlineMs } from "./before-order.ts";
import type { World } from "./world.ts";

const check = "preflight-dns";

/** Nothing where the challenge is not one of those configured, or an updater would publish what is missing. */
export const persistFindings = async (
  world: World,
  { names }: CertificateConfig,
  { challenges, dns }: AcmeSettings,
  { identities, account }: CaFacts,
): Promise<readonly Finding[]> => {
  if (!challenges.includes("dns-persist-01") || dns !== undefined) return [];
  const severity = challenges.length === 1 ? "fault" : "warning";
  if (account === undefined)
    return [
      {
        check,
        severity,
        message: "dns-persist-01: the record names the account, and there is none yet",
        hint: "let the first order fail: it registers the account, and says which record to publish; or name an updater (--dns NAME)",
      },
    ];
  const { authoritative } = await world.dns();
  const bare = new Set(names.filter((name) => !isIpName(name)).map((name) => name.replace(/^\*\./, "")));
  const looked = await Promise.all(
    [...bare].map(async (name): Promise<Finding> => {
      const at = `_validation-persist.${name}`;
      const need = { issuers: identities, accountUri: account, wildcard: names.some((one) => one === `*.${name}`) };
      const asked = await authoritative.askAll(at, "TXT", { timeoutMs: dnsDeadlineMs, signal: world.signal });
      const replies =
        asked.kind === "unknown" ? [] : asked.replies.flatMap((one) => (one.kind === "answered" ? [one] : []));
      if (asked.kind === "unknown" || replies.length === 0)
        return { check, severity: "warning", message: `nobody could say whether there is a record at ${at}` };
      const values = replies.flatMap(({ records }) =>
        records.map(({ data }) => Buffer.concat([data].flat().map((part) => Buffer.from(part))).toString("utf8")),
      );
      if (persistAllows(values, need, world.now()))
        return { check, severity: "ok", message: `dns-persist-01: the record at ${at} lets this account validate` };
      return {
        check,
        // The CA may go by another name in these records than in CAA's.
        severity: values.length === 0 ? severity : "warning",
        message: `dns-persist-01: no record at ${asked.owner} lets this CA and account validate ${name}`,
        hint: `publish it, once and for good: ${asked.owner}. IN TXT "${persistValue(need)}"`,
      };
    }),
  );
  return looked;
};
