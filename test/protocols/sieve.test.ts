// ManageSieve keeps the contract of protocols.
import { protocolContract } from "../contract/protocol.ts";

protocolContract("sieve", {
  goAhead: 'OK "go"\r\n',
  no: 'NO "nope"\r\n',
  later: 'NO (TRYLATER) "later"\r\n',
  withoutStartTls: { greeting: '"IMPLEMENTATION" "x"\r\n"SASL" ""\r\nOK\r\n' },
  turnedAway: 'BYE "nope"\r\n',
});
