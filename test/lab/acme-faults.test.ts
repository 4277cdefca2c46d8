// The fault matrix, up to the authorizations: each fault ends in a certificate or in a failure that names its cause; then the same account gets one.
import { faultMatrix } from "./acme-fault-table.ts";

faultMatrix(["directory", "newNonce", "newAccount", "newOrder", "authorization"]);
