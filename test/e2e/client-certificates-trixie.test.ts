// Logins by client certificate to Dovecot 2.4, where the root signs: client-certificates-suite.ts.
import { clientCertificatesSuite } from "./client-certificates-suite.ts";

clientCertificatesSuite("trixie", []);
