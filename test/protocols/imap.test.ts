// IMAP keeps the contract of protocols.
import { protocolContract } from "../contract/protocol.ts";

protocolContract("imap", {
  goAhead: "a2 OK go\r\n",
  no: "$TAG NO nope\r\n",
  later: "$TAG NO [UNAVAILABLE] later\r\n",
  withoutStartTls: { greeting: "* OK [CAPABILITY IMAP4rev1] hello\r\n" },
  turnedAway: "* BYE nope\r\n",
});
