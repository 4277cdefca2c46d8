// Cloudflare's API v4 as far as TXT records of one zone need it: identical records are refused, a wrong token too.
import { type Answer, type FakeProvider, startApi } from "./server.ts";

export const zoneId = "023e105f4ecef8ad9ca31a8372d0c353";

interface Stored {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly content: string;
  readonly ttl: number;
}

const ok = (result: unknown): Answer => ({ status: 200, body: { success: true, errors: [], messages: [], result } });
const refused = (status: number, code: number, message: string): Answer => ({
  status,
  body: { success: false, errors: [{ code, message }], messages: [], result: null },
});

export interface FakeCloudflare extends FakeProvider {
  readonly records: Map<string, Stored>;
  readonly put: (record: Omit<Stored, "id" | "ttl">) => void;
}

export const startCloudflare = async (token: string, mayListZones = true): Promise<FakeCloudflare> => {
  const records = new Map<string, Stored>();
  let last = 0;
  const put = (record: Omit<Stored, "id" | "ttl">, ttl = 300): Stored => {
    const id = String((last += 1)).padStart(32, "0");
    const stored = { id, ...record, ttl };
    records.set(id, stored);
    return stored;
  };
  const bare = (content: string): string => content.replaceAll(/^"|"$/g, "");
  const api = await startApi(({ method, path, query, headers, body }) => {
    if (!/^Bearer \w+$/.test(headers.authorization ?? "")) return refused(400, 6003, "Invalid request headers");
    if (headers.authorization !== `Bearer ${token}`) return refused(403, 10_000, "Authentication error");
    if (path === "/zones")
      return ok(mayListZones && query.get("name") === "example.org" ? [{ id: zoneId, name: "example.org" }] : []);
    const [, zone, id] = /^\/zones\/(\w+)\/dns_records(?:\/(\w+))?$/.exec(path) ?? [];
    if (zone !== zoneId) return refused(404, 7003, "Could not route to this path");
    if (method === "GET") {
      const found = [...records.values()].filter(
        (one) => one.type === query.get("type") && one.name === query.get("name"),
      );
      return ok(found);
    }
    if (method === "POST") {
      const { type, name, content, ttl } = body as Stored;
      if (ttl !== 1 && ttl < 60) return refused(400, 9021, "Invalid TTL");
      const twin = [...records.values()].some(
        (one) => one.type === type && one.name === name && bare(one.content) === bare(content),
      );
      return twin ? refused(400, 81_058, "An identical record already exists.") : ok(put({ type, name, content }, ttl));
    }
    if (method === "DELETE" && id !== undefined)
      return records.delete(id) ? ok({ id }) : refused(404, 81_044, "Record does not exist.");
    return refused(405, 10_405, "Method not allowed");
  });
  const values = (name: string): readonly string[] =>
    [...records.values()].filter((one) => one.type === "TXT" && one.name === name).map(({ content }) => bare(content));
  return { api, values, records, put: (record) => void put(record) };
};
