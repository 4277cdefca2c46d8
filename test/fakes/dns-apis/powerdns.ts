// PowerDNS's own HTTP API as far as TXT record sets of one zone need it: names with a dot at the end, duplicates refused.
import { type Answer, type FakeProvider, startApi, unquoted } from "./server.ts";

interface RecordSet {
  readonly name: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly { readonly content: string; readonly disabled: boolean }[];
  readonly comments: readonly object[];
}

export interface FakePowerdns extends FakeProvider {
  /** By name, with its dot. */
  readonly sets: Map<string, RecordSet>;
}

const refused = (error: string): Answer => ({ status: 422, body: { error } });

/** @param filters older servers do not, and send the whole zone */
export const startPowerdns = async (key: string, filters = true): Promise<FakePowerdns> => {
  const sets = new Map<string, RecordSet>();
  const patch = (changes: readonly (Partial<RecordSet> & { readonly changetype?: string })[]): Answer => {
    for (const { name = "", type, ttl, records = [], changetype } of changes) {
      if (!name.endsWith(".example.org.") && name !== "example.org.")
        return refused(`RRset ${name}: Name is out of zone`);
      if (type !== "TXT") return refused("only TXT here");
      if (changetype === "DELETE") {
        if (ttl !== undefined || records.length > 0) return refused("ttl or records with DELETE");
        sets.delete(name);
      } else if (changetype === "REPLACE") {
        if (ttl === undefined) return refused("Key 'ttl' not present or not an Integer");
        if (records.some(({ content }) => unquoted(content) === undefined))
          return refused(`Record ${name}/TXT: Parsing record content failed`);
        if (new Set(records.map(({ content }) => content)).size !== records.length)
          return refused("Duplicate record in RRset");
        sets.set(name, { name, type, ttl, records, comments: sets.get(name)?.comments ?? [] });
      } else return refused("Changetype not understood");
    }
    return { status: 204 };
  };
  const api = await startApi(({ method, path, query, headers, body }) => {
    if (headers["x-api-key"] !== key) return { status: 401, body: "Unauthorized" };
    const [, server, zone] = /^\/api\/v1\/servers\/([^/]+)\/zones\/([^/]+)$/.exec(path) ?? [];
    if (server !== "localhost") return { status: 404, body: { error: "Not Found" } };
    if (zone !== "example.org.") return { status: 404, body: { error: "Not Found" } };
    if (method === "PATCH") return patch((body as { rrsets: readonly Partial<RecordSet>[] }).rrsets);
    const wanted = filters ? query.get("rrset_name") : null;
    const rrsets = [...sets.values()].filter(({ name }) => wanted === null || name === wanted);
    return { status: 200, body: { name: "example.org.", kind: "Master", rrsets } };
  });
  const values = (name: string): readonly string[] =>
    (sets.get(`${name}.`)?.records ?? [])
      .filter(({ disabled }) => !disabled)
      .map(({ content }) => unquoted(content) ?? content);
  return { api, values, sets };
};
