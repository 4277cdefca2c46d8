// deSEC's API as far as TXT record sets of one domain need it: bulk PATCH, a least TTL, canonical records, the same 404 for domain and set.
import { type Answer, type FakeProvider, startApi, unquoted } from "./server.ts";

interface RecordSet {
  readonly subname: string;
  readonly type: string;
  readonly ttl: number;
  readonly records: readonly string[];
}

const leastTtl = 3600;
const notFound: Answer = { status: 404, body: { detail: "Not found." } };

export interface FakeDesec extends FakeProvider {
  /** By subname. */
  readonly sets: Map<string, RecordSet>;
}

export const startDesec = async (token: string): Promise<FakeDesec> => {
  const sets = new Map<string, RecordSet>();
  const patch = (changes: readonly Partial<RecordSet>[]): Answer => {
    const problems = changes.map(({ subname, type, ttl, records }) => {
      if (subname === undefined || type !== "TXT") return { non_field_errors: ["subname and type are needed"] };
      if (!sets.has(subname) && ttl === undefined) return { ttl: ["This field is required."] };
      if (ttl !== undefined && ttl < leastTtl)
        return { ttl: [`Ensure this value is greater than or equal to ${leastTtl}.`] };
      const wrong = records?.some((one) => unquoted(one) === undefined) || new Set(records).size !== records?.length;
      return wrong ? { records: ["Record content malformed or duplicate."] } : {};
    });
    if (problems.some((problem) => Object.keys(problem).length > 0)) return { status: 400, body: problems };
    for (const { subname = "", ttl, records = [] } of changes) {
      const before = sets.get(subname);
      if (records.length === 0) sets.delete(subname);
      else sets.set(subname, { subname, type: "TXT", ttl: ttl ?? before?.ttl ?? leastTtl, records });
    }
    return { status: 200, body: changes };
  };
  const api = await startApi(({ method, path, headers, body }) => {
    if (headers.authorization !== `Token ${token}`) return { status: 401, body: { detail: "Invalid token." } };
    const [, domain, subname] = /^\/domains\/([^/]+)\/rrsets\/(?:([^/]+)\/TXT\/)?$/.exec(path) ?? [];
    if (domain !== "example.org") return notFound;
    if (method === "PATCH" && subname === undefined) return patch(body as readonly Partial<RecordSet>[]);
    const found = sets.get(subname === "@" ? "" : decodeURIComponent(subname ?? ""));
    return method === "GET" && found !== undefined ? { status: 200, body: found } : notFound;
  });
  const values = (name: string): readonly string[] => {
    const subname = name === "example.org" ? "" : name.slice(0, -".example.org".length);
    return (sets.get(subname)?.records ?? []).map((one) => unquoted(one) ?? one);
  };
  return { api, values, sets };
};
