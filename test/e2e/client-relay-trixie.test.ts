// Relaying by client certificate through Postfix 3.10, with Debian's own entries: client-relay-suite.ts.
import { clientRelaySuite } from "./client-relay-suite.ts";

clientRelaySuite("trixie");
