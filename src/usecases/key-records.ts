// The TLSA records of a generation's keys for other mail servers, as lines of a zone file.
import { keyRecord, tlsaLine, tlsaOwner } from "../domain/tlsa.ts";
import type { GenerationRecord } from "../store/store.ts";
import { hostNames } from "./ask-dns.ts";

/** Port 25 of each host name, for each kind of key; empty: there is no generation. */
export const keyRecords = (generation: Pick<GenerationRecord, "names" | "leaves"> | undefined): readonly string[] =>
  hostNames(generation?.names ?? []).flatMap((name) =>
    Object.values(generation?.leaves ?? {}).map(({ spkiSha256 }) =>
      tlsaLine(tlsaOwner(name, 25), keyRecord(spkiSha256)),
    ),
  );
