// What verify needs of the outside world besides the probe: names, certificate files, a place for the report.
import type { PortTable } from "../domain/usual-ports.ts";
import type { Profile } from "../probe/profiler.ts";
import type { Resolve } from "../probe/resolve.ts";
import type { ResultFile } from "../system/result-file.ts";
import type { FurtherTools } from "./further-looks.ts";

export interface VerifyTools {
  readonly resolve: Resolve;
  /** The registry of protocols: which there are, and their usual ports. */
  readonly protocols: PortTable;
  /** The certificates of a PEM or DER file, as PEM. @throws Failure naming the file. */
  readonly readCertificates: (path: string) => Promise<readonly string[]>;
  /** For what --full asks. */
  readonly further: FurtherTools;
  /** The full look at what an entry point's TLS takes. */
  readonly profile: Profile;
  /** Writes a report. */
  readonly writeReport: (path: string, text: string) => Promise<void>;
  /** Opens a file that results are appended to, and tells what an earlier run left in it. */
  readonly openResults: (path: string) => Promise<ResultFile>;
  /** The text of a list of targets. @throws Failure naming the file. */
  readonly readList: (path: string) => Promise<string>;
  /** Fills a file of templates/, every value escaped for HTML. */
  readonly renderHtml: (template: string, view: object) => Promise<string>;
}
