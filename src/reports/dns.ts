// Records to publish and what is published, for people and as JSON.
import { type DnsRecord, type RecordTopic, zoneLine } from "../domain/dns-record.ts";
import type { DnsChecked } from "../usecases/dns-check.ts";
import type { DnsToPublish, RecordGroup } from "../usecases/dns-show.ts";
import { hasFaults, preflightText } from "./preflight.ts";
import { textWidth, wrap } from "../domain/wrap.ts";

const titles: Readonly<Record<RecordTopic, string>> = {
  dane: "DANE (TLSA)",
  caa: "CAA",
  "mta-sts": "MTA-STS",
  tlsrpt: "TLS reports",
  srv: "Mail programs (SRV)",
};

/** In a comment of a zone file. */
const comment = (text: string): string => wrap(text, textWidth, "; ", "; ");

const panel = ({ owner, type, fields }: DnsRecord): string =>
  [`;   ${type} ${owner}`, ...Object.entries(fields).map(([field, value]) => `;     ${field}: ${value}`)].join("\n");

const groupText = ({ topic, records, notes, policy }: RecordGroup, forms: boolean): string =>
  [
    `; ${titles[topic]}`,
    ...notes.map(comment),
    ...records.flatMap((record) => (forms ? [panel(record)] : [zoneLine(record)])),
    ...(policy === undefined
      ? []
      : [
          comment(`and at ${policy.url}, lines ending in CRLF:`),
          ...policy.policy
            .trimEnd()
            .split("\r\n")
            .map((line) => `;   ${line}`),
        ]),
  ].join("\n");

/** Text that a zone file can take as it is; `forms`: what web forms ask for, one field a line. */
export const dnsShowText = (all: readonly DnsToPublish[], forms: boolean): string =>
  all
    .map(({ name, groups }) =>
      [`; ${name}`, "", ...groups.map((group) => `${groupText(group, forms)}\n`)].join("\n").trimEnd(),
    )
    .join("\n\n");

const recordDocument = (record: DnsRecord): object => ({
  owner: record.owner,
  type: record.type,
  data: record.data,
  line: zoneLine(record),
  fields: record.fields,
});

export const dnsShowDocument = (all: readonly DnsToPublish[]): object => ({
  schema: "mailcert.dns-show/1",
  ok: true,
  certificates: all.map(({ name, groups }) => ({
    name,
    groups: groups.map(({ topic, records, notes, policy }) => ({
      topic,
      records: records.map(recordDocument),
      notes,
      ...(policy === undefined ? {} : { policy: { url: policy.url, text: policy.policy } }),
    })),
  })),
});

export const dnsIsWell = (all: readonly DnsChecked[]): boolean => !all.some(({ findings }) => hasFaults(findings));

export const dnsCheckText = (all: readonly DnsChecked[]): string =>
  all.map(({ name, findings }) => `${name}\n${preflightText(findings)}`).join("\n\n");

export const dnsCheckDocument = (all: readonly DnsChecked[]): object => ({
  schema: "mailcert.dns-check/1",
  ok: dnsIsWell(all),
  certificates: all.map(({ name, findings }) => ({ name, findings })),
});
