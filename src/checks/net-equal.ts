// All addresses of one service give the same TLS version: behind one name, nobody chooses the machine that answers.
import { entryUrl } from "../domain/entry-point.ts";
import { groupBy } from "../domain/group-by.ts";
import type { RunCheck } from "./check.ts";
import { say } from "./finding.ts";

const base = {
  id: "net-equal",
  summary: "all addresses of one service give an equal TLS version",
  clients: "It works now and then: the name leads to several machines, and they differ.",
  servers: "Give all machines behind the name the same certificate, version and settings.",
  reference: "RFC 9325 §3.9",
  severity: { mta: "warning", mua: "warning", internal: "info" },
} as const;

export const netEqual: RunCheck = {
  ...base,
  scope: "run",
  judge: (all) => {
    const services = groupBy(
      all.filter(({ observation }) => observation.tls),
      ({ observation }) => entryUrl(observation.entry),
    );
    return [...services].flatMap(([url, facts]) => {
      const versions = groupBy(facts, ({ observation }) => observation.tls?.version ?? "");
      if (versions.size < 2 || !facts[0]) return [];
      const shown = [...versions].map(([version, group]) => {
        const addresses = [...new Set(group.map(({ observation }) => observation.address ?? ""))];
        return `${version} at ${addresses.slice(0, 3).join(", ")}${addresses.length > 3 ? ` and ${addresses.length - 3} more` : ""}`;
      });
      return say(base, facts[0].role, {
        message: `${url} differs by address: ${shown.join("; ")}`,
        hint: "give all machines behind the name the same version and settings of the mail server",
      });
    });
  },
};
