// The fault matrix, at the end of an issuance: what was issued is fetched, and not ordered a second time.
import { faultMatrix } from "./acme-fault-table.ts";

faultMatrix(["order poll", "certificate"]);
