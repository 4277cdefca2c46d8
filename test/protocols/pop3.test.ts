// POP3 keeps the contract of protocols.
import { protocolContract } from "../contract/protocol.ts";

protocolContract("pop3", {
  goAhead: "+OK go\r\n",
  no: "-ERR nope\r\n",
  later: "-ERR [SYS/TEMP] later\r\n",
  withoutStartTls: { capabilities: "+OK\r\nTOP\r\nUIDL\r\n.\r\n" },
  turnedAway: "-ERR nope\r\n",
});
