// kill -9 at every system call that changes a file or starts a program, and errors of those that can fail, on Dovecot 2.3 and Postfix 3.7: docs/reliability.md.
import { sweepSuite } from "./sweep/suite.ts";

sweepSuite("bookworm");
