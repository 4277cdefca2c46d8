// The fault matrix, from the challenges on: what the CA was told already is neither lost nor said again.
import { faultMatrix } from "./acme-fault-table.ts";

faultMatrix(["challenge", "authorization poll", "finalize"]);
