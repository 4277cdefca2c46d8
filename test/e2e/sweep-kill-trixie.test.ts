// kill -9 at every system call that changes a file or starts a program, on Dovecot 2.4 and Postfix 3.10: docs/reliability.md.
import { sweepKills } from "./sweep/kills.ts";

sweepKills("trixie");
