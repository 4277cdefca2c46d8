// NNTP keeps the contract of protocols; its corner cases.
import { protocolContract } from "../contract/protocol.ts";

protocolContract("nntp", {
  goAhead: "382 go\r\n",
  no: "580 nope\r\n",
  later: "400 later\r\n",
  withoutStartTls: { capabilities: "101 list\r\nVERSION 2\r\n.\r\n" },
  turnedAway: "502 nope\r\n",
});
