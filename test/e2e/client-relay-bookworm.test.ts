// Relaying by client certificate through Postfix 3.7, with entries as people write them: client-relay-suite.ts.
import { clientRelaySuite } from "./client-relay-suite.ts";

clientRelaySuite("bookworm");
