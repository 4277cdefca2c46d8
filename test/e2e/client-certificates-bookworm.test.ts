// Logins by client certificate to Dovecot 2.3, where an issuing CA signs: client-certificates-suite.ts.
import { clientCertificatesSuite } from "./client-certificates-suite.ts";

clientCertificatesSuite("bookworm", ["--issuing", "--passphrase-file", "/root/words"]);
